"""HQ's pages and API of insight: the right that each address needs, by its name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_CAMPAIGNS_CHANGE: Final = "campaigns-change"
_CAMPAIGNS_START: Final = "campaigns-start"
_CLEANING_CHANGE: Final = "cleaning-change"
_INSIGHT: Final = "insight"
_ROI_CHANGE: Final = "roi-change"
_SEGMENTS_CHANGE: Final = "segments-change"
_STOCK_PLANS_CHANGE: Final = "stock-plans-change"

# Method and address → what `rights.Right` calls it; a part of `rights.NEEDS`.
INSIGHT_NEEDS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("GET", "/segments"): _INSIGHT,
        ("GET", "/segments.csv"): _INSIGHT,
        ("GET", "/segments/new"): _INSIGHT,
        ("POST", "/segments/look"): _INSIGHT,
        ("POST", "/segments/save"): _SEGMENTS_CHANGE,
        ("GET", "/segments/{segment_id}"): _INSIGHT,
        ("GET", "/segments/{segment_id}/people.csv"): _INSIGHT,
        ("POST", "/segments/{segment_id}/{act}"): _SEGMENTS_CHANGE,
        ("GET", "/stock-plans"): _INSIGHT,
        ("GET", "/stock-plans.csv"): _INSIGHT,
        ("GET", "/stock-plans/articles"): _INSIGHT,
        ("GET", "/stock-plans/articles.csv"): _INSIGHT,
        ("GET", "/stock-plans/article"): _INSIGHT,
        ("POST", "/stock-plans/policy"): _STOCK_PLANS_CHANGE,
        ("POST", "/stock-plans/{plan_id}/{act}"): _STOCK_PLANS_CHANGE,
        ("GET", "/cleaning"): _INSIGHT,
        ("GET", "/cleaning.csv"): _INSIGHT,
        ("POST", "/cleaning/orders"): _CLEANING_CHANGE,
        ("POST", "/cleaning/refused/{refused_id}/{act}"): _CLEANING_CHANGE,
        ("POST", "/cleaning/{decision_id}/{act}"): _CLEANING_CHANGE,
        ("GET", "/roi"): _INSIGHT,
        ("GET", "/roi/{table}.csv"): _INSIGHT,
        ("POST", "/roi/baseline"): _ROI_CHANGE,
        ("POST", "/roi/costs/look"): _ROI_CHANGE,
        ("POST", "/roi/costs"): _ROI_CHANGE,
        ("POST", "/roi/costs/{import_id}/undo"): _ROI_CHANGE,
        ("GET", "/campaigns"): _INSIGHT,
        ("GET", "/campaigns.csv"): _INSIGHT,
        ("GET", "/campaigns/new"): _CAMPAIGNS_CHANGE,
        ("POST", "/campaigns/new"): _CAMPAIGNS_CHANGE,
        ("GET", "/campaigns/messages"): _INSIGHT,
        ("POST", "/campaigns/messages/templates"): _CAMPAIGNS_CHANGE,
        ("POST", "/campaigns/messages/templates/{template_id}/{act}"): _CAMPAIGNS_CHANGE,
        ("POST", "/campaigns/messages/pace"): _CAMPAIGNS_START,
        ("GET", "/campaigns/{campaign_id}"): _INSIGHT,
        ("GET", "/campaigns/{campaign_id}/days.csv"): _INSIGHT,
        ("GET", "/campaigns/{campaign_id}/edit"): _CAMPAIGNS_CHANGE,
        ("POST", "/campaigns/{campaign_id}/edit"): _CAMPAIGNS_CHANGE,
        ("POST", "/campaigns/{campaign_id}/{act}"): _CAMPAIGNS_CHANGE,
        ("GET", "/v1/hq/stock-plans"): _INSIGHT,
        ("GET", "/v1/hq/stock-plans/articles"): _INSIGHT,
        ("GET", "/v1/hq/stock-plans/article"): _INSIGHT,
        ("GET", "/v1/hq/stock-plans/{plan_id}"): _INSIGHT,
        ("POST", "/v1/hq/stock-plans/{plan_id}/accept"): _STOCK_PLANS_CHANGE,
        ("POST", "/v1/hq/stock-plans/{plan_id}/reject"): _STOCK_PLANS_CHANGE,
        ("GET", "/v1/hq/cleaning"): _INSIGHT,
        ("GET", "/v1/hq/cleaning/decisions"): _INSIGHT,
        ("POST", "/v1/hq/cleaning/decisions/{decision_id}/{act}"): _CLEANING_CHANGE,
        ("GET", "/v1/hq/roi"): _INSIGHT,
        ("POST", "/v1/hq/roi/costs"): _ROI_CHANGE,
        ("POST", "/v1/hq/roi/costs/{import_id}/undo"): _ROI_CHANGE,
        ("GET", "/v1/hq/campaigns"): _INSIGHT,
        ("POST", "/v1/hq/campaigns"): _CAMPAIGNS_CHANGE,
        ("GET", "/v1/hq/campaigns/templates"): _INSIGHT,
        ("POST", "/v1/hq/campaigns/templates"): _CAMPAIGNS_CHANGE,
        ("POST", "/v1/hq/campaigns/templates/{template_id}/approve"): _CAMPAIGNS_START,
        ("POST", "/v1/hq/campaigns/templates/{template_id}/end"): _CAMPAIGNS_CHANGE,
        ("GET", "/v1/hq/campaigns/pace"): _INSIGHT,
        ("POST", "/v1/hq/campaigns/pace/{channel}"): _CAMPAIGNS_START,
        ("GET", "/v1/hq/campaigns/{campaign_id}"): _INSIGHT,
        ("POST", "/v1/hq/campaigns/{campaign_id}"): _CAMPAIGNS_CHANGE,
        ("POST", "/v1/hq/campaigns/{campaign_id}/ask"): _CAMPAIGNS_CHANGE,
        ("POST", "/v1/hq/campaigns/{campaign_id}/agree"): _CAMPAIGNS_START,
        ("POST", "/v1/hq/campaigns/{campaign_id}/stop"): _CAMPAIGNS_CHANGE,
        ("GET", "/v1/hq/segments"): _INSIGHT,
        ("POST", "/v1/hq/segments"): _SEGMENTS_CHANGE,
        ("POST", "/v1/hq/segments/look"): _INSIGHT,
        ("GET", "/v1/hq/segments/{segment_id}"): _INSIGHT,
        ("POST", "/v1/hq/segments/{segment_id}"): _SEGMENTS_CHANGE,
        ("GET", "/v1/hq/segments/{segment_id}/people"): _INSIGHT,
        ("POST", "/v1/hq/segments/{segment_id}/recompute"): _SEGMENTS_CHANGE,
        ("POST", "/v1/hq/segments/{segment_id}/end"): _SEGMENTS_CHANGE,
    }
)
