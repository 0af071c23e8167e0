"""Whole pages in JupyterLab, in a real browser: Run All Cells, then each control of each explorer by keyboard and by mouse.

    python .ci/browser.py [PAGE ...] [--all] [--voila [NAME]] [--shots DIR] [--if-present]     default pages: 61, 62 and 64
Needs Chromium on PATH (apt-get install chromium) and playwright (pip install playwright; no `playwright install`).
"""
import argparse, importlib.util, os, re, shutil, signal, socket, subprocess, sys, tempfile, time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.request import urlopen

root = Path(__file__).resolve().parents[1]
chromium = next(filter(None, map(shutil.which, ('chromium','chromium-browser','google-chrome'))), None)
flags = '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split()
settings = {'apputils-extension/notification': '{"fetchNews": "false"}', 'notebook-extension/tracker': '{"windowingMode": "none"}'}
limit = 90   # seconds for all cells of a page
t0 = time.time()

class Failed(Exception): "One line says what did not work"
def say(*words): print(f'{time.time()-t0:6.1f}s', *words, flush=True)

@dataclass
class Row:
    "What a reader met on a page"
    page: str
    secs: float|None = None                        # Run All
    explorers: int = 0
    widgets: int = 0
    ms: list = field(default_factory=list)         # one for each widget that answers: from event to picture
    problems: list = field(default_factory=list)

# Servers -----------------------------------------------------------------------------------------------------------

def missing():
    have = {'chromium (apt-get install chromium)': chromium, 'playwright (pip install playwright)': importlib.util.find_spec('playwright')}
    return [k for k,v in have.items() if not v]

def pages():
    "Every page of the book"
    return [o for o in sorted((root/'nbs').rglob('*.ipynb')) if not any(p.startswith(('.','_')) for p in o.relative_to(root).parts)]

def copy_book(tmp):
    "The book in a folder of its own: nothing is written into the checkout"
    shutil.copytree(root/'nbs', tmp/'book', ignore=shutil.ignore_patterns('.*', '_*', 'runs'))
    for k,v in settings.items():
        path = tmp/f'settings/@jupyterlab/{k}.jupyterlab-settings'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(v)

def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]

@contextmanager
def serving(cmd, log, address, stop, **kw):
    "Start `cmd`, yield the address that `address` finds in what it has said so far; the signal `stop` must end it"
    name = ' '.join(map(str, cmd[:3]))
    with open(log, 'w') as f: server = subprocess.Popen(cmd, stdout=f, stderr=subprocess.STDOUT, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), **kw)   # a shell's background jobs ignore Ctrl-C
    try:
        end = time.time()+120
        while not (url := address(log.read_text())):
            if server.poll() is not None: raise Failed(f'{name} ended before it was up: {log.read_text()[-2000:]}')
            if time.time()>end: raise Failed(f'{name} was not up after two minutes')
            time.sleep(.25)
        yield url
        server.send_signal(stop)
        try: server.wait(20)
        except subprocess.TimeoutExpired: raise Failed(f'{name} still ran 20 s after {stop.name}') from None
    finally: server.kill()

def lab(tmp):
    "JupyterLab on the copy of the book"
    url = f'http://127.0.0.1:{free_port()}'
    env = {**os.environ, 'JUPYTERLAB_SETTINGS_DIR': f'{tmp}/settings', **{f'JUPYTER_{o}_DIR': f'{tmp}/{o.lower()}' for o in ('CONFIG','DATA','RUNTIME')}}
    cmd = [sys.executable, '-m', 'jupyterlab', '--no-browser', '--allow-root', '--ip=127.0.0.1', f'--port={url[17:]}', '--ServerApp.port_retries=0',
        '--IdentityProvider.token=', '--ServerApp.disable_check_xsrf=True', f'--ServerApp.root_dir={tmp}/book', f'--LabApp.workspaces_dir={tmp}/workspaces']
    def up(_):
        try: urlopen(f'{url}/api', timeout=1).close()
        except OSError: return None
        return url
    return serving(cmd, tmp/'lab.log', up, signal.SIGTERM, env=env)

def voila(tmp, name):
    "`anomaly-nb explore NAME`, at the address that it prints"
    def printed(log): return next(iter(re.findall(r'http://127\.0\.0\.1:\d+\S*', log)), None)
    return serving([Path(sys.executable).with_name('anomaly-nb'), 'explore', name], tmp/'voila.log', printed, signal.SIGINT, cwd=tmp)

# Run All -----------------------------------------------------------------------------------------------------------

def prompts(pg): return [o.strip() for o in pg.locator('.jp-CodeCell .jp-InputPrompt').all_text_contents()]

def connected(pg, url, secs=90):
    "Wait for the kernel: JupyterLab calls a page without one idle, too"
    end = time.time()+secs
    while not any(o['kernel']['connections'] and o['kernel']['execution_state']=='idle' for o in pg.request.get(f'{url}/api/sessions').json()):
        if time.time()>end: raise Failed(f'no kernel after {secs} s')
        pg.wait_for_timeout(200)

def begin(pg):
    "Run > Run All Cells; the time, or None: what is asked for in the kernel's first moment is lost"
    pg.get_by_role('menuitem', name='Run', exact=True).click()
    pg.get_by_text('Run All Cells', exact=True).click()
    began = time.time()
    while time.time()<began+8:
        if any(o!='[ ]:' for o in prompts(pg)): return began
        pg.wait_for_timeout(100)

def expect_no_error(pg):
    "JupyterLab shows an error as it shows what goes to stderr; a warning is none"
    wrong = pg.locator('[data-mime-type="application/vnd.jupyter.stderr"]').filter(has_text=re.compile(r'Traceback \(most recent call last\)|^\w+Error: ', re.M))
    if wrong.count(): raise Failed('a cell failed: ' + wrong.first.inner_text().strip().splitlines()[-1][-300:])

def run_all(pg):
    "Seconds from the click to the last cell's number; an error in a cell fails the test"
    began = next(filter(None, (begin(pg) for _ in range(5))), None)
    if not began: raise Failed('Run All Cells was chosen five times, and no cell began')
    while not all(done := [o[1:-2].isdigit() for o in prompts(pg)]):
        expect_no_error(pg)
        if time.time()>began+limit: raise Failed(f'not done after {limit} s: cell {sum(done)+1} of {len(done)} was running')
        pg.wait_for_timeout(200)
    secs = time.time()-began
    expect_no_error(pg)
    return secs

# Explorers ---------------------------------------------------------------------------------------------------------

controls = '.noUi-handle, select, button, input, textarea'
describe = '''o => ({
    kind: o.matches('.noUi-handle') ? 'slider' : o.matches('.widget-upload') ? 'upload' : o.tagName=='SELECT' ? 'list'
        : o.tagName=='BUTTON' ? (o.closest('.widget-toggle-buttons') ? 'choice' : 'button') : {checkbox: 'check', number: 'number'}[o.type] || 'text',
    label: (o.tagName=='BUTTON' ? o.innerText || o.ariaLabel || '' : [...o.closest('.widget-inline-hbox, .widget-inline-vbox').querySelectorAll('label')].map(l => l.innerText).join(' '))
        .replace(/\\u200b/g, '').trim(),
    idle: o.disabled || o.tagName=='SELECT' && o.options.length<2 || o.matches('.widget-toggle-buttons .mod-active'),
    tab: o.tabIndex>=0})'''
watch = '''box => {
    if (!('began' in window)) for (const o of ['keydown','mousedown','change']) document.addEventListener(o, () => window.began = performance.now(), true);
    window.began = window.ms = null;
    const shows = () => [...box.querySelectorAll('.widget-html-content')].map(o => o.innerText + [...o.querySelectorAll('img')].map(i => i.src)).join();
    const turn = window.turn = (window.turn||0)+1;
    let before = shows();
    const look = () => {
        if (turn!=window.turn) return;
        const now = shows();
        if (now!=before && [...box.querySelectorAll('img')].every(o => o.complete)) {
            before = now;
            if (window.began) window.ms = performance.now()-window.began;
        }
        requestAnimationFrame(look);
    };
    look();
}'''

def visible(box): return box.locator(controls).filter(visible=True)

def answer(box, act, secs=5):
    "Milliseconds from the last event of `act` to the last change of what `box` shows; None if nothing changes"
    def ms(): return box.page.evaluate('window.ms')
    box.evaluate(watch)
    act()
    end,last = time.time()+secs,None
    while ms() is None and time.time()<end: box.page.wait_for_timeout(30)
    while last!=(last := ms()): box.page.wait_for_timeout(300)   # a text may change before the picture does
    return last

def press(control, *keys):
    "By keyboard, as JupyterLab lets a reader: it takes the arrows from a list that is not open"
    control.focus()
    for o in keys:
        control.page.keyboard.press(o)
        if len(keys)>1: control.page.wait_for_timeout(200)

def click(o, x, y):
    "By mouse, at two shares of its width and height"
    size = o.bounding_box()
    o.click(position=dict(x=size['width']*x, y=size['height']*y))

def upload(control, photo):
    with control.page.expect_file_chooser(timeout=5000) as chooser: press(control, 'Space')
    chooser.value.set_files(dict(name='photo.png', mimeType='image/png', buffer=photo))

def chosen(control):
    "The one of several choices that is active now"
    choices = control.locator('xpath=..').locator('button')
    return choices.nth(choices.evaluate_all("all => all.findIndex(o => o.matches('.mod-active'))"))

def ways(control, kind, box):
    "What to do to a control: by keyboard first, then by mouse"
    def keys(*ks): return [lambda k=k: press(control, *k.split()) for k in ks]
    bar = control.locator("xpath=ancestor::*[contains(@class, 'noUi-target')]")
    if kind=='slider': return [*keys('ArrowRight','ArrowLeft','End','Home'), lambda: click(bar, .3, .5)]
    if kind=='list': return [*keys('Space ArrowDown Enter','Space ArrowUp Enter','End','Home'), lambda: control.select_option(index=1)]
    if kind=='choice': return [*keys('Space'), chosen(control).click]
    if kind=='upload': return [lambda: upload(control, box.locator('img').first.screenshot())]
    if kind=='number': return keys('ArrowUp','ArrowDown')
    return [*keys('Space'), control.click]

def expect_text(box, abouts, row, who):
    "Every picture is there and says what it is; every control has a label, and Tab leads to it"
    for o in box.locator('img').all():
        if not o.get_attribute('alt'): row.problems.append(f'{who}: a picture has no alt text')
        if not o.evaluate('o => o.naturalWidth'): row.problems.append(f'{who}: a picture is broken')
    for o in abouts:
        if not o['label']: row.problems.append(f"{who}: a {o['kind']} has no label")
        if not o['tab']: row.problems.append(f"{who}: Tab does not lead to the {o['kind']} {o['label']!r}")

def write(control, row, name):
    "JupyterLab leaves letters to a field, those of its own commands too"
    press(control, 'End', 'a', 'd', 'Enter')
    if not control.input_value().strip().endswith('ad'): row.problems.append(f'{name} does not take what is typed')

def try_control(box, i, row, who):
    "Milliseconds of each thing that a reader can do to a control; None where it has nothing to answer"
    control = visible(box).nth(i)
    about = control.evaluate(describe)
    name = f"{who}, {about['kind']} {about['label']!r}"
    if about['idle']: return None
    if about['kind']=='text': return write(control, row, name)
    times = []
    for act in ways(control, about['kind'], box):
        times.append(answer(box, act))
        if not box.locator('img').count(): row.problems.append(f'{name} leads to {box.inner_text().strip()[-200:]!r}')
    say(f'{name}:', ' '.join('-' if o is None else f'{o:.0f}' for o in times), 'ms')
    return times

def try_buttons(box, idx, row, who):
    "One after the other, and those that had nothing to do once more: `previous` does nothing before `next`"
    res = {i: try_control(box, i, row, who) for i in idx}
    return res | {i: try_control(box, i, row, who) for i,o in res.items() if o and not any(o)}

def click_picture(box):
    "Places in a picture that says it can be clicked"
    return [answer(box, lambda: click(box.locator('img[onclick]').first, *o)) for o in ((.1,.3),(.2,.5),(.5,.4),(.8,.7))]

def back(box, row, who, first, act):
    "`reset`: milliseconds if there was something to bring back; the first picture must be there again"
    def shown(): return box.evaluate("o => o.querySelector('img')?.src")
    if shown()==first: return act()
    ms,end = answer(box, act), time.time()+15
    while shown()!=first and time.time()<end: box.page.wait_for_timeout(100)
    if shown()!=first: row.problems.append(f'{who}: reset does not bring the first picture back')
    return ms

def try_controls(box, abouts, row, who):
    "Each control by itself, `reset` after each; milliseconds by what was moved"
    reset,first = box.get_by_role('button', name='reset', exact=True), box.locator('img').first.get_attribute('src')
    times,resets = {},[]
    for i,o in enumerate(abouts):
        if o['kind']=='button': continue
        times[i] = try_control(box, i, row, who)
        resets.append(back(box, row, who, first, lambda: press(reset, 'Space')))
    if box.locator('img[onclick]').count(): times['picture'] = click_picture(box)
    times |= try_buttons(box, [i for i,o in enumerate(abouts) if o['kind']=='button' and o['label']!='reset'], row, who)
    resets.append(back(box, row, who, first, reset.click))
    return times | {'reset': resets}

def try_explorer(box, row, who):
    "What it says of itself, then every control"
    box.scroll_into_view_if_needed()
    abouts = [o.evaluate(describe) for o in visible(box).all()]
    expect_text(box, abouts, row, who)
    times = {i: o for i,o in try_controls(box, abouts, row, who).items() if o is not None}
    row.widgets += len(times)
    row.ms += [median(o for o in ms if o) for ms in times.values() if any(ms)]
    silent = [str(abouts[i]['label'] if isinstance(i, int) else i) for i,ms in times.items() if not any(ms)]
    if silent: row.problems.append(f"{who}: no answer from {', '.join(silent)}")

def try_explorers(pg, row, shots):
    boxes = pg.locator('.explorer')
    pg.wait_for_timeout(1000)
    row.explorers = boxes.count()
    for i in range(row.explorers):
        try_explorer(boxes.nth(i), row, f'explorer {i+1}')
        if shots: boxes.nth(i).screenshot(path=str(shots/f'{Path(row.page).stem}_{i+1}.png'))

# Pages -------------------------------------------------------------------------------------------------------------

def try_page(pg, url, row, shots):
    "Open a page, run all of it, then play"
    pg.goto(f'{url}/lab/workspaces/auto-t/tree/{row.page}?reset')
    pg.wait_for_selector('.jp-Notebook .jp-Cell', timeout=90_000)
    connected(pg, url)
    row.secs = run_all(pg)
    say(f'{row.page}: all cells in {row.secs:.0f} s')
    try_explorers(pg, row, shots)
    if row.page.startswith('apps/') and not row.explorers: raise Failed('no explorer on the page')

def try_voila(pg, url, row, shots):
    "The app is a page without cells"
    began = time.time()
    pg.goto(url, timeout=limit*1000)
    pg.wait_for_selector('.explorer img', timeout=limit*1000)
    row.secs = time.time()-began
    try_explorers(pg, row, shots)
    try_reopening(pg, row)

def try_reopening(pg, row):
    "A verdict is still there when the app is opened again"
    verdict = pg.get_by_role('button', name='tiny detail', exact=True)
    answer(pg.locator('.explorer'), lambda: press(verdict, 'Space'))
    pg.reload(timeout=limit*1000)
    pg.wait_for_selector('.explorer img', timeout=limit*1000)
    pg.wait_for_timeout(1000)
    if 'mod-active' not in verdict.get_attribute('class'): row.problems.append('a verdict is gone when the app is opened again')

def visit(browser, how, url, name, shots):
    "A row of the table: `how` is given a fresh tab"
    from playwright.sync_api import Error
    row,pg = Row(name), browser.new_page(viewport=dict(width=1200, height=900))
    pg.on('pageerror', lambda e: None if '"stream.stderr" is not valid JSON' in str(e) else row.problems.append(f'error in the browser: {str(e)[:200]}'))   # seen once: a message to stderr that JupyterLab could not read; the page lacked nothing
    try: how(pg, url, row, shots)
    except (Failed,Error) as e: row.problems.append(str(e).strip().splitlines()[0])
    for o in row.problems: say(f'{name}: {o}')
    return row, pg

def visit_page(browser, url, page, shots):
    row,pg = visit(browser, try_page, url, page, shots)
    for o in pg.request.get(f'{url}/api/sessions').json(): pg.request.delete(f"{url}/api/sessions/{o['id']}")
    pg.close()
    return row

def visit_voila(browser, tmp, name, shots):
    try:
        with voila(tmp, name) as url:
            row,pg = visit(browser, try_voila, url, f'explore {name}', shots)
            pg.close()
    except Failed as e: return Row(f'explore {name}', problems=[str(e)])
    return row

def table(rows):
    "Markdown, one line a page"
    yield '| page | Run All, s | problems | explorers | widgets | answer | median ms | slowest ms |'
    yield '|---|---|---|---|---|---|---|---|'
    for o in rows:
        ms = [f'{f(o.ms):.0f}' if o.ms else '' for f in (median,max)]
        yield '| ' + ' | '.join([o.page, '' if o.secs is None else f'{o.secs:.0f}', *map(str, (len(o.problems), o.explorers, o.widgets, len(o.ms))), *ms]) + ' |'
    for o in rows: yield from (f'{o.page}: {p}' for p in o.problems)

def drive(args, tmp):
    "All rows: one JupyterLab and one browser for all pages"
    from playwright.sync_api import sync_playwright
    copy_book(tmp)
    with sync_playwright() as p, p.chromium.launch(executable_path=chromium, headless=True, args=flags) as browser:
        with lab(tmp) as url: rows = [visit_page(browser, url, o, args.shots) for o in args.pages]
        return rows + [visit_voila(browser, tmp, o, args.shots) for o in args.voila]

def options():
    a = argparse.ArgumentParser()
    a.add_argument('pages', nargs='*', type=Path, metavar='PAGE', help='default: 61, 62 and 64')
    a.add_argument('--all', action='store_true', help='every page of the book')
    a.add_argument('--voila', nargs='?', const='washer', metavar='NAME', help='also `anomaly-nb explore NAME` (default: washer)')
    a.add_argument('--if-present', action='store_true', help='without browser or playwright: say so, and succeed')
    a.add_argument('--shots', type=Path, help='folder for a screenshot of each explorer after its moves')
    args = a.parse_args()
    few = [o for o in pages() if o.name.startswith(('61_','62_','64_'))]
    args.pages = [o.resolve().relative_to(root/'nbs').as_posix() for o in args.pages or (pages() if args.all else few)]
    args.voila = [args.voila] if args.voila else []
    return args

def main():
    args = options()
    if need := missing():
        print(f"browser test {'left out' if args.if_present else 'not possible'}: no {' and no '.join(need)}")
        return 0 if args.if_present else 1
    if args.shots: args.shots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as tmp:
        try: rows = drive(args, Path(tmp))
        except Failed as e:
            print(f'browser test failed: {e}')
            return 1
    print('\n'.join(table(rows)))
    failed = [o.page for o in rows if o.problems]
    say(f"browser test failed: {', '.join(failed)}" if failed else 'browser test passed')
    return 1 if failed else 0

if __name__=='__main__': sys.exit(main())
