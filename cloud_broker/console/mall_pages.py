"""The points mall at HQ: stock by store, orders, gifts handed over, each as a file too."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell
from cloud_broker.console.texts import texts
from cloud_broker.services.growth.mall_files import handed_csv, orders_csv, stock_csv
from cloud_broker.services.points.desk import MAY_CHANGE

STOCK_MAX = 1_000_000
Table = Literal["stock", "orders", "gifts"]


class MallPages:
    """One page; stock is set by a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route("/mall", self.page, methods=["GET"])
        router.add_api_route("/mall/{table}.csv", self.csv, methods=["GET"])
        router.add_api_route("/mall/stock", self.set_stock, methods=["POST"])

    def page(self, request: Request) -> Response:
        """Show what is offered, what lies where, and what was ordered."""
        visit = self._shell.visit(request)
        mall, tenant = self._shell.deps.mall, visit.who.tenant_id
        items, stock, orders, places = mall.overview(tenant)
        return self._shell.page(
            visit,
            "mall.html",
            items=items,
            stock=stock,
            orders=orders,
            handed=mall.handed(tenant),
            places=places,
            names={one.store: one.name for one in places},
            item_names={one.id: one.name for one in items},
            may_act=visit.who.role in MAY_CHANGE,
        )

    def csv(self, request: Request, table: Table) -> Response:
        """Send a table as a file."""
        visit = self._shell.visit(request)
        mall, tenant, zone = self._shell.deps.mall, visit.who.tenant_id, self._shell.deps.zone
        _, stock, orders, places = mall.overview(tenant)
        names = {one.store: one.name for one in places}
        match table:
            case "stock":
                text = stock_csv(stock, names)
            case "orders":
                text = orders_csv(orders, names, zone)
            case _:
                text = handed_csv(mall.handed(tenant), names, zone)
        return Response(
            text,
            media_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="mall-{table}.csv"',
                "Cache-Control": "no-store",
            },
        )

    def set_stock(
        self,
        request: Request,
        item: Annotated[str, Form(max_length=64)],
        store: Annotated[UUID, Form()],
        stock: Annotated[int, Form(ge=0, le=STOCK_MAX)],
        csrf: Annotated[str, Form()] = "",
    ) -> Response:
        """Say how much of an item lies in a store."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            row = self._shell.deps.mall.set_stock(visit.who, item, store, stock)
            said = texts(visit.language)("mall.stock_set", n=row.stock, free=row.free)
            return Said(said, well=True)

        return self._shell.told(visit, "/mall", act)
