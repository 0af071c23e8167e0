"""Run every notebook as one pytest test, honouring nbdev's flags.

    pytest .ci/test_notebooks.py            # all notebooks but the cells flagged in `tst_flags`
    ANOMALY_NB_SLOW=1 NB_FLAGS="slow" pytest .ci/test_notebooks.py -k transfusion

NB_FLAGS names the flags whose cells run too; ANOMALY_NB_SLOW=1 turns on the pages' own switch, `slow_cells(False)`, which would leave them out
(`ANOMALY_NB_SLOW=1 nbdev-test --flags slow` likewise).
"""
import os
from pathlib import Path
import pytest
from nbdev.config import get_config
from nbdev.doclinks import nbglob
from nbdev.test import test_nb as run_nb   # not under its own name: pytest would collect it

root = Path(__file__).resolve().parents[1]
cfg = get_config(root)
skip = cfg.tst_flags.split() if isinstance(cfg.tst_flags, str) else list(cfg.tst_flags)
nbs = sorted(Path(o) for o in nbglob(cfg.nbs_path, as_path=True))

@pytest.mark.parametrize('nb', nbs, ids=[o.relative_to(cfg.nbs_path).as_posix() for o in nbs])
def test_notebook(nb):
    ok,secs = run_nb(nb, skip_flags=skip, force_flags=os.environ.get('NB_FLAGS','').split(), basepath=root)
    assert ok, f'{nb.name} failed: the traceback is in the captured stderr'
