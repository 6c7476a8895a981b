"""Print the page docs/reproduction/paper_a.md: paper A's claims, and how near to the optimum ants come."""

from runs.studies.asa.cases import SEEDS, paper_runs
from runs.studies.asa.claims import claims
from runs.studies.asa.report import page
from runs.studies.rounds import page_section

print("<!-- Written by `make docs` from runs/studies/asa/; edit that instead. -->\n")
print(page(claims(paper_runs(SEEDS))) + page_section(SEEDS), end="")
