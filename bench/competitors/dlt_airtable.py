"""Airtable tables into Postgres with dlt, as dlt_notion.py does it. Without a field that every table has, there is
nothing to be incremental by: each run reads everything and merges it."""

import json
import sys

import dlt
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

task = json.loads(sys.argv[1])
client = RESTClient(
    base_url=task["origin"],
    auth=BearerTokenAuth(token=task["token"]),
    paginator=JSONResponseCursorPaginator(cursor_path="offset", cursor_param="offset"),
)


def records(base, table):
    def read():
        yield from client.paginate(
            f"/v0/{base}/{table}", params={"pageSize": 100}, data_selector="records"
        )

    return read


@dlt.source(max_table_nesting=1)
def airtable():
    for source in task["sources"]:
        yield dlt.resource(
            records(source["ref"]["base"], source["ref"]["table"]),
            name=source["table"].split(".")[1],
            primary_key="id",
            write_disposition="merge",
            parallelized=len(task["sources"]) > 1,
        )


pipeline = dlt.pipeline(
    pipeline_name="airtable",
    pipelines_dir=sys.argv[2],
    destination=dlt.destinations.postgres(task["databaseUrl"]),
    dataset_name=task["sources"][0]["table"].split(".")[0],
)
pipeline.run(airtable())
