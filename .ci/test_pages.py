"What every page must carry: a Colab badge that opens this very page, and a set-up cell that installs the package on Colab only."
import configparser, json
from pathlib import Path
import pytest

root = Path(__file__).resolve().parents[1]
cfg = configparser.ConfigParser(delimiters=['='])
cfg.read(root/'settings.ini', encoding='utf-8')
cfg = cfg['DEFAULT']
pages = [o for o in sorted((root/'nbs').rglob('*.ipynb')) if not any(p.startswith(('.','_')) for p in o.relative_to(root).parts)]
ids = [o.relative_to(root).as_posix() for o in pages]

def sources(page): return [''.join(c['source']) for c in json.loads(page.read_text(encoding='utf-8'))['cells']]

@pytest.mark.parametrize('page', pages, ids=ids)
def test_badge_opens_this_page(page):
    here = page.relative_to(root).as_posix()
    badges = [o for o in sources(page) if 'colab-badge.svg' in o]
    assert len(badges)==1 and badges[0].endswith(f"(https://colab.research.google.com/github/{cfg['user']}/{cfg['repo']}/blob/{cfg['branch']}/{here})")

@pytest.mark.parametrize('page', pages, ids=ids)
def test_setup_cell(page):
    assert any('[ -e /content ] && pip install' in o and cfg['lib_name'] in o and '#| eval: false' in o for o in sources(page))
