"""Your own Python: sources, learners and pipelines that tidemill.toml names as "steps:NAME"."""

from tidemill import Context, Table, pipeline, step


@step(impure="reads the newest version of the dataset")
def sales(ctx: Context) -> Table:
    """The rows of sales as they are now."""
    from tidemill.data.tables.tables import open_tables

    return open_tables(ctx.resource("project")).read("sales").collect()


@step
def baskets(sales: Table, window: str = "365d") -> Table:
    """Items per customer in the window. One row per (customer_id, stock_code)."""
    import polars as pl

    last = pl.col("invoice_date").max()
    recent = sales.filter(pl.col("invoice_date") >= last.dt.offset_by(f"-{window}"), pl.col("quantity") > 0)
    return recent.group_by("customer_id", "stock_code").len("times").sort("customer_id", "stock_code")


@pipeline
def my_pipeline(window: str = "365d") -> Table:
    """Any graph of steps is a pipeline: tidemill run steps:my_pipeline -p window=90d"""
    return baskets(sales(), window)
