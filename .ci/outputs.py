"""What a page keeps of its run: figures with a palette of 256 colours, which halves them, and progress bars at their end.

    python .ci/outputs.py [PAGE|FOLDER ...]    # all of nbs; `make pages` does it after a run; a second time changes nothing
"""
import base64, json, re, sys
from io import BytesIO
from itertools import groupby
from pathlib import Path
from PIL import Image, ImageChops

FAR = 32 # steps of 255: a figure one of whose colours would move further keeps them all

def with_palette(img):
    "`img` in 256 colours, each near the true one (no dithering: it costs more bytes than it hides steps)"
    res = img.quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    return res if max(hi for _,hi in ImageChops.difference(img, res.convert('RGB')).getextrema())<=FAR else img

def small_png(b64):
    "The PNG file `b64`, smaller; one that has a palette, is transparent or would grow stays as it is"
    img = Image.open(BytesIO(base64.b64decode(b64)))
    if img.mode not in ('RGB','RGBA') or img.mode=='RGBA' and img.getchannel('A').getextrema()!=(255,255): return b64
    buf = BytesIO()
    with_palette(img.convert('RGB')).save(buf, 'PNG', optimize=True)
    return min(b64, base64.b64encode(buf.getvalue()).decode(), key=len)

def last_frames(outputs):
    "`outputs` with prints in a row as one, and of a line that was written over (a progress bar) what it ended as"
    for stream,group in groupby(outputs, key=lambda o: o.get('name')):
        group = list(group)
        text = re.sub(r'[^\r\n]*\r(?=[^\n])', '', ''.join(''.join(o.get('text',())) for o in group))
        yield from [dict(group[0], text=text.splitlines(keepends=True))] if stream else group

def tidy(page):
    "Write `page` with smaller outputs"
    old = page.read_text(encoding='utf-8')
    nb = json.loads(old)
    for cell in nb['cells']:
        if not cell.get('outputs'): continue
        cell['outputs'] = list(last_frames(cell['outputs']))
        for data in (o['data'] for o in cell['outputs'] if 'image/png' in o.get('data',())): data['image/png'] = small_png(data['image/png'])
    new = json.dumps(nb, indent=1, ensure_ascii=False, sort_keys=True)+'\n'
    if new==old: return
    page.write_text(new, encoding='utf-8')
    print(f'{page}: {len(old)//1000} -> {len(new)//1000} kB')

if __name__=='__main__':
    for where in map(Path, sys.argv[1:] or [Path(__file__).resolve().parents[1]/'nbs']):
        for page in sorted(where.rglob('*.ipynb')) if where.is_dir() else [where]:
            if '.ipynb_checkpoints' not in page.parts: tidy(page)
