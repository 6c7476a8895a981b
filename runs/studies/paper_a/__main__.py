"""Print the page docs/reproduction/paper_a.md: paper A's claims, and how near to the optimum ants come."""

from runs.studies.paper_a.cases import SEEDS, paper_runs
from runs.studies.paper_a.claims import claims
from runs.studies.paper_a.report import page
from runs.studies.paper_a.rounds import page_section
from runs.studies.paper_a.tables import ants_and_swarms

print("<!-- Written by `make docs` from runs/studies/paper_a/; edit that instead. -->\n")
runs = paper_runs(SEEDS)
print(page(claims(runs), ants_and_swarms(runs)) + page_section(SEEDS), end="")
