"""`regulars`: price a basket, check a certificate, lint and rehearse rules, from files."""

import typer

from regulars_cli import sales
from regulars_cli.lint import lint
from regulars_cli.price import price
from regulars_cli.replay import replay
from regulars_cli.verify import verify
from retail_core.terminal import guard_terminal

app = typer.Typer(
    name="regulars",
    help="熟客:定价、核对、演练 / Regulars: prices, proofs and rehearsals from files.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(price)
app.command()(verify)
app.add_typer(sales.app, name="sales")

bundle_app = typer.Typer(help="规则包 / rule bundles", no_args_is_help=True)
bundle_app.callback()(lambda: None)
bundle_app.command()(lint)
bundle_app.command()(replay)
app.add_typer(bundle_app, name="bundle")


def main() -> None:
    """Be the console script."""
    guard_terminal()
    app()


if __name__ == "__main__":
    main()
