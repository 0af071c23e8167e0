"""A page in JupyterLab, in a real browser: run its cells, move its sliders by keyboard, see the pictures change.

    python .ci/browser.py [--if-present] [--shots DIR] [PAGE]     default page: nbs/apps/61_transparency.ipynb
Needs Chromium on PATH (apt-get install chromium) and playwright (pip install playwright; no `playwright install`).
"""
import argparse, importlib.util, json, os, re, shutil, socket, subprocess, sys, tempfile, time
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

root = Path(__file__).resolve().parents[1]
chromium = next(filter(None, map(shutil.which, ('chromium','chromium-browser','google-chrome'))), None)
flags = '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split()
settings = {'apputils-extension/notification': {'fetchNews': 'false'}, 'notebook-extension/tracker': {'windowingMode': 'none'}}
skipped = re.compile(r'^#\|\s*(slow|gpu|data|notest|eval:\s*false)\s*$', re.M)   # nbdev-test skips these cells too
t0 = time.time()

class Failed(Exception): "One line says what did not work"
def say(*words): print(f'{time.time()-t0:6.1f}s', *words, flush=True)
def code_of(nb): return [''.join(o['source']) for o in nb['cells'] if o['cell_type']=='code']

def missing():
    have = {'chromium (apt-get install chromium)': chromium, 'playwright (pip install playwright)': importlib.util.find_spec('playwright')}
    return [k for k,v in have.items() if not v]

def copy_page(page, tmp):
    "`page` without outputs and without the cells that tests skip, in a folder of its own: nothing is written into the checkout"
    nb = json.loads(page.read_text(encoding='utf-8'))
    nb['cells'] = [{**o, 'metadata': {}, **({'outputs': [], 'execution_count': None} if o['cell_type']=='code' else {})} for o in nb['cells'] if not skipped.search(''.join(o['source']))]
    files = {f'book/{page.name}': nb} | {f'settings/@jupyterlab/{k}.jupyterlab-settings': v for k,v in settings.items()}
    for name,o in files.items():
        (tmp/name).parent.mkdir(parents=True, exist_ok=True)
        (tmp/name).write_text(json.dumps(o), encoding='utf-8')
    return code_of(nb)

@contextmanager
def lab(tmp):
    "JupyterLab on a free port; yields its address"
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        port = s.getsockname()[1]
    env = {**os.environ, 'JUPYTERLAB_SETTINGS_DIR': f'{tmp}/settings', **{f'JUPYTER_{o}_DIR': f'{tmp}/{o.lower()}' for o in ('CONFIG','DATA','RUNTIME')}}
    cmd = [sys.executable, '-m', 'jupyterlab', '--no-browser', '--allow-root', '--ip=127.0.0.1', f'--port={port}', '--ServerApp.port_retries=0',
        '--IdentityProvider.token=', f'--ServerApp.root_dir={tmp}/book', f'--LabApp.workspaces_dir={tmp}/workspaces']
    url,log = f'http://127.0.0.1:{port}', tmp/'lab.log'
    with open(log, 'w') as f: server = subprocess.Popen(cmd, env=env, stdout=f, stderr=subprocess.STDOUT)
    try:
        for _ in range(240):
            if server.poll() is not None: raise Failed(f'JupyterLab ended before it was up:\n{log.read_text()[-2000:]}')
            try: urlopen(f'{url}/api', timeout=1).close(); break
            except OSError: time.sleep(.25)
        else: raise Failed('JupyterLab was not up after a minute')
        yield url
    finally:
        server.terminate()
        try: server.wait(20)
        except subprocess.TimeoutExpired: server.kill()

def run_all(pg, cells, secs=300):
    "Run > Run All Cells, and wait for the last; an error in a cell fails the test"
    def prompts(): return [o.strip() for o in pg.locator('.jp-CodeCell .jp-InputPrompt').all_inner_texts()]
    def begin():   # what is asked for before the kernel is connected is lost, or answered by a dialog
        asking = pg.locator('dialog.jp-Dialog')
        if asking.count():
            say('JupyterLab asks:', ' '.join(asking.first.inner_text().split()))
            asking.first.locator('button.jp-mod-reject').click()
        pg.get_by_role('menuitem', name='Run', exact=True).click()
        pg.get_by_text('Run All Cells', exact=True).click()
        pg.wait_for_timeout(8000)
        return any(o!='[ ]:' for o in prompts())
    if not any(begin() for _ in range(5)): raise Failed('Run All Cells was chosen five times, and no cell began')
    end = time.time()+secs
    while not all(re.fullmatch(r'\[\d+\]:', o) for o in prompts()):
        if time.time()>end: raise Failed(f'the cells were not done after {secs} s: ' + ' '.join(prompts()))
        pg.wait_for_timeout(500)
    errors = pg.locator('.jp-RenderedText[data-mime-type="application/vnd.jupyter.error"]').all_inner_texts()
    if errors: raise Failed('a cell failed: ' + errors[0][-500:])
    if len(prompts())!=len(cells): raise Failed(f'{len(prompts())} cells are shown of {len(cells)}')

def move(pg, box, name, keys=2):
    "Move the first slider of explorer `box` by keyboard; its picture must change"
    handle,img,readout = (box.locator(o).first for o in ('.noUi-handle','img','.widget-readout'))
    box.scroll_into_view_if_needed()
    before,was = img.get_attribute('src'), readout.inner_text()
    key = 'ArrowLeft' if handle.get_attribute('aria-valuenow')==handle.get_attribute('aria-valuemax') else 'ArrowRight'
    handle.focus()
    for _ in range(keys): pg.keyboard.press(key)
    for _ in range(100):
        pg.wait_for_timeout(100)
        if img.get_attribute('src')!=before: break
    else: raise Failed(f'{name}: {keys} x {key} from {was} to {readout.inner_text()}, and the picture is the same after 10 s')
    if not img.evaluate('o => o.complete && o.naturalWidth>0'): raise Failed(f'{name}: the new picture is broken')
    say(f'{name}: {was} -> {readout.inner_text()} by {keys} x {key}, another picture')

def drive(url, page, cells, shots):
    from playwright.sync_api import sync_playwright
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, headless=True, args=flags)
        pg = browser.new_page(viewport=dict(width=1200, height=900))
        errors = []
        pg.on('pageerror', lambda e: errors.append(str(e)[:200]))
        pg.goto(f'{url}/lab/workspaces/auto-t/tree/{page}?reset')
        pg.wait_for_selector('.jp-Notebook .jp-Cell', timeout=90_000)
        pg.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=90_000)
        say('page open, kernel idle')
        run_all(pg, cells)
        boxes = pg.locator('.widget-vbox').filter(has=pg.locator('.noUi-handle'))
        say(f'{len(cells)} cells ran, {boxes.count()} explorers')
        if not boxes.count(): raise Failed('no explorer on the page')
        for i in range(boxes.count()):
            move(pg, boxes.nth(i), f'explorer {i+1}')
            if shots: pg.screenshot(path=str(shots/f'{Path(page).stem}_{i+1}.png'))
        if errors: raise Failed('errors in the browser: ' + '; '.join(errors))
        browser.close()

def main():
    a = argparse.ArgumentParser()
    a.add_argument('page', nargs='?', default=root/'nbs/apps/61_transparency.ipynb', type=Path)
    a.add_argument('--if-present', action='store_true', help='without browser or playwright: say so, and succeed')
    a.add_argument('--shots', type=Path, help='folder for a screenshot of each explorer after its move')
    args = a.parse_args()
    if need := missing():
        print(f"browser test {'left out' if args.if_present else 'not possible'}: no {' and no '.join(need)}")
        return 0 if args.if_present else 1
    with tempfile.TemporaryDirectory() as tmp:
        cells = copy_page(args.page, Path(tmp))
        try:
            with lab(Path(tmp)) as url: drive(url, args.page.name, cells, args.shots)
        except Failed as e:
            print(f'browser test failed: {e}')
            return 1
    say('browser test passed')
    return 0

if __name__=='__main__': sys.exit(main())
