"""Figures, tables and files from plain arrays.

Records say what there is to show (`View`, `Points`, `History`), functions turn them into figures on an Agg canvas
(no window, no global matplotlib setting), and every file is written whole or not at all.
"""

from __future__ import annotations

from pinn.report.comparison import rank, table, write_csv
from pinn.report.curves import curves_figure
from pinn.report.domain import Domain, domain_figure
from pinn.report.error_curves import ErrorCurve, work_precision_figure
from pinn.report.figures import save_figures
from pinn.report.files import plain, write_columns, write_json, write_npz
from pinn.report.findings import findings_table
from pinn.report.history import history_figure
from pinn.report.maps import maps_figure
from pinn.report.points import points_figure
from pinn.report.status import status_line
from pinn.report.style import save_figure
from pinn.report.views import Curve, History, Panel, Points, View
from pinn.report.work_precision import comparison_figure

__all__ = [
    "Curve",
    "Domain",
    "ErrorCurve",
    "History",
    "Panel",
    "Points",
    "View",
    "comparison_figure",
    "curves_figure",
    "domain_figure",
    "findings_table",
    "history_figure",
    "maps_figure",
    "plain",
    "points_figure",
    "rank",
    "save_figure",
    "save_figures",
    "status_line",
    "table",
    "work_precision_figure",
    "write_columns",
    "write_csv",
    "write_json",
    "write_npz",
]
