"What every page must carry: a Colab badge that opens this very page, and a set-up cell that installs the package on Colab only."
import configparser, json, re
from pathlib import Path
import pytest

root = Path(__file__).resolve().parents[1]
cfg = configparser.ConfigParser(delimiters=['='])
cfg.read(root/'settings.ini', encoding='utf-8')
cfg = cfg['DEFAULT']
pages = [o for o in sorted((root/'nbs').rglob('*.ipynb')) if not any(p.startswith(('.','_')) for p in o.relative_to(root).parts)]
ids = [o.relative_to(root).as_posix() for o in pages]

def sources(page): return [''.join(c['source']) for c in json.loads(page.read_text(encoding='utf-8'))['cells']]

colab = re.compile(rf"colab\.research\.google\.com/github/{cfg['user']}/{cfg['repo']}/blob/{cfg['branch']}/([^)\s]+)")

@pytest.mark.parametrize('page', pages, ids=ids)
def test_badge_opens_this_page(page):
    badge = next(o for o in sources(page) if 'colab-badge.svg' in o)
    assert colab.findall(badge)==[page.relative_to(root).as_posix()]

@pytest.mark.parametrize('page', pages, ids=ids)
def test_colab_links_lead_somewhere(page):
    assert [o for s in sources(page) for o in colab.findall(s) if not (root/o).is_file()]==[]

@pytest.mark.parametrize('page', pages, ids=ids)
def test_setup_cell(page):
    assert any('[ -e /content ] && pip install' in o and cfg['lib_name'] in o and '#| eval: false' in o for o in sources(page))
