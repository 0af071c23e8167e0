"""What every page must carry: a Colab badge that opens this very page, a set-up cell that installs the package on Colab only, one switch for
its slow cells; and how much its outputs may weigh."""
import base64, configparser, io, json, re
from pathlib import Path
import numpy as np, pytest
from PIL import Image
from outputs import FAR, tidy

root = Path(__file__).resolve().parents[1]
cfg = configparser.ConfigParser(delimiters=['='])
cfg.read(root/'settings.ini', encoding='utf-8')
cfg = cfg['DEFAULT']
pages = [o for o in sorted((root/'nbs').rglob('*.ipynb')) if not any(p.startswith(('.','_')) for p in o.relative_to(root).parts)]
ids = [o.relative_to(root).as_posix() for o in pages]

def cells(page): return json.loads(page.read_text(encoding='utf-8'))['cells']

def sources(page): return [''.join(c['source']) for c in cells(page)]

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

def is_slow(source): return any(re.fullmatch(r'#\|\s*(slow|gpu|data)\s*', o) for o in source.splitlines())

def is_setup(source): return source.startswith('#|') and 'slow_cells(' not in source or all(o.startswith(('from ','import ')) for o in source.splitlines())

@pytest.mark.parametrize('page', pages, ids=ids)
def test_one_switch_for_slow_cells(page):
    code = [''.join(c['source']) for c in cells(page) if c['cell_type']=='code']
    if not any(map(is_slow, code)): return
    first = next(o for o in code if not is_setup(o))
    assert re.fullmatch(r'(#\| hide\n)?slow_cells\(False, minutes=[\d.]+\)', first), 'a page with slow cells must call slow_cells(False, minutes=...) right after its imports'

@pytest.mark.parametrize('page', pages, ids=ids)
def test_weight(page):
    outputs = [(c['id'], len(json.dumps(o))//1000) for c in cells(page) for o in c.get('outputs',())]
    assert [o for o in outputs if o[1]>300]==[], 'an output may have 300 kB; python .ci/outputs.py shrinks figures'
    assert page.stat().st_size<=700_000, 'a page may have 700 kB; python .ci/outputs.py shrinks its figures'

def stream(*text): return dict(output_type='stream', name='stderr', text=list(text))

def test_tidy_page(tmp_path):
    "Figures shrink and keep their look, bars end, and a second time changes nothing"
    wide = np.random.default_rng(0).integers(0, 256, (40,40,3)).repeat(4, 0).repeat(4, 1).astype('uint8') # 1,600 colours from all over
    near = (wide//8 + [90,60,30]).astype('uint8') # as many from a photo's range
    def png(arr): (b := io.BytesIO(), Image.fromarray(arr).convert('RGBA').save(b, 'PNG')); return base64.b64encode(b.getvalue()).decode()
    outputs = [stream('a\n','\r 0%'), stream('\r 50%\r100%\n','b'), *(dict(output_type='display_data', data={'image/png': png(o)}) for o in (wide,near))]
    page = tmp_path/'page.ipynb'
    page.write_text(json.dumps(dict(cells=[dict(cell_type='code', source=['1'], outputs=outputs)])))
    tidy(page)
    once = page.read_text()
    tidy(page)
    assert page.read_text()==once
    bar,*figures = cells(page)[0]['outputs']
    assert bar['text']==['a\n','100%\n','b']
    for old,new,mode in zip(outputs[2:], figures, ('RGB','P')):
        old,new = (o['data']['image/png'] for o in (old,new))
        img = Image.open(io.BytesIO(base64.b64decode(new)))
        assert len(new)<len(old) and img.mode==mode
        moved = np.subtract(img.convert('RGB'), wide if mode=='RGB' else near, dtype=int)
        assert abs(moved).max()<=(0 if mode=='RGB' else FAR)
