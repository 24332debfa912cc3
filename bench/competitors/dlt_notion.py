"""Notion data sources into Postgres with dlt: its REST client, merge on the primary key, incremental by the time of
the last edit. Two levels of objects become columns, so that each property has its own; lists below them stay JSON in
the one table, which is much faster than dlt's default, a table for each list. Takes a task as JSON (see plain/task.ts) and the pipeline's directory."""

import json
import sys

import dlt
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

task = json.loads(sys.argv[1])
client = RESTClient(
    base_url=task["origin"],
    headers={"Notion-Version": "2025-09-03"},
    auth=BearerTokenAuth(token=task["token"]),
    paginator=JSONResponseCursorPaginator(
        cursor_path="next_cursor", cursor_body_path="start_cursor"
    ),
)


def pages(data_source):
    def read(edited=dlt.sources.incremental("last_edited_time")):
        body = {
            "page_size": 100,
            "sorts": [{"timestamp": "last_edited_time", "direction": "ascending"}],
        }
        if edited.last_value is not None:
            body["filter"] = {
                "timestamp": "last_edited_time",
                "last_edited_time": {"on_or_after": edited.last_value},
            }
        yield from client.paginate(
            f"/v1/data_sources/{data_source}/query",
            method="POST",
            json=body,
            data_selector="results",
        )

    return read


@dlt.source(max_table_nesting=2)
def notion():
    for source in task["sources"]:
        yield dlt.resource(
            pages(source["ref"]["data_source"]),
            name=source["table"].split(".")[1],
            primary_key="id",
            write_disposition="merge",
            parallelized=len(task["sources"]) > 1,
        )


pipeline = dlt.pipeline(
    pipeline_name="notion",
    pipelines_dir=sys.argv[2],
    destination=dlt.destinations.postgres(task["databaseUrl"]),
    dataset_name=task["sources"][0]["table"].split(".")[0],
)
pipeline.run(notion())
