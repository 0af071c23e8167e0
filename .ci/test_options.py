"Every option of every command acts or is refused; a closed pipe and a narrow terminal stop nothing"
import inspect, io, json, os, re, shutil, signal, socket, subprocess, sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
import numpy as np
import pytest
from PIL import Image
from fastcore.test import test_eq as equal
from anomaly_nb.cli import _COMMANDS, main

def said(line):
    "Exit code and what was printed, for one command line"
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out): code = main(line.split())
    return code, re.sub(r'.*\r', '', out.getvalue()).strip()

def tree(root, **files):
    "A small folder of pictures; a value of None is an empty folder"
    for name,px in files.items():
        f = Path(root)/name.replace('__','/')
        (f if px is None else f.parent).mkdir(parents=True, exist_ok=True)
        if px is not None: Image.new('L', (px,px), 90).save(f.with_suffix('.png'))

@pytest.fixture
def here(tmp_path, monkeypatch):
    "A folder with two categories of small noise photos, and a finished run"
    monkeypatch.chdir(tmp_path)
    tree('mv', **{f'{c}__{k}': px for c in 'ab' for k,px in {**{f'train__good__{i}': 32 for i in range(4)}, 'test__good__1': 32, 'test__bad__1': 32}.items()})
    for i,p in enumerate(sorted(Path('mv').rglob('*.png'))): Image.fromarray(np.uint8(np.random.default_rng(i).integers(0, 255, (48,40,3)))).save(p)
    assert said(f'{BASE} --out runs/plain')[0]==0

BASE = 'fit ae-l2 --data mv/a --size 32 --set latent=4 --steps 2'

def test_options(here):
    def state(out): # Folder of a run
        "What a training has left: settings, pictures, history, weights"
        return {o: (Path(out)/o).read_bytes() for o in ('config.json','pictures.csv','history.csv','model.safetensors')} | dict(resize_mode=json.loads((Path(out)/'manifest.json').read_text())['resize_mode'])
    def differs(more, drop='', out='runs/o'):
        "What of a run is another with `more` in its line"
        shutil.rmtree(out, ignore_errors=True)
        code,text = said(f"{BASE.replace(drop, '')} {more} --out {out}")
        if code: return text
        return {k for k,v in state(out).items() if v!=plain[k]}
    plain = state('runs/plain')
    equal(differs(''), set()) # the same line gives the same run
    Path('tex').mkdir()
    for i in range(2): Image.fromarray(np.uint8(np.random.default_rng(9+i).integers(0, 255, (48,40,3)))).save(f'tex/{i}.png')
    tf = 'fit transfusion --data mv/a --size 32 --steps 1 --set widths=(16,32) attention_levels=(1,) downsample=2 num_inference_steps=1 p_self=0. p_other=0.'
    def weights(line, out):
        code,text = said(f'{line} --out {out}')
        assert code==0, text
        return state(out)['model.safetensors']
    acts = {('fit','data'): lambda: 'pictures.csv' in differs('', 'mv/a') or 'needs --data' in differs('', '--data mv/a'), ('fit','category'): lambda: 'pictures.csv' in differs('--category b', '/a') and "no category 'b'" in differs('--category b'),
        ('fit','size'): lambda: 'config.json' in differs('--size 48', '--size 32'), ('fit','preset'): lambda: 'config.json' in differs('--preset paper'), ('fit','steps'): lambda: 'history.csv' in differs('--steps 3', '--steps 2'),
        ('fit','epochs'): lambda: 'history.csv' in differs('--epochs 3', '--steps 2'), ('fit','minutes'): lambda: 'history.csv' in differs('--minutes .003', '--steps 2'), ('fit','seed'): lambda: 'model.safetensors' in differs('--seed 1'),
        ('fit','textures'): lambda: weights(f'{tf} --textures tex', 'runs/tex')!=weights(tf, 'runs/notex') and 'no setting' in differs('--textures tex'), ('fit','set_'): lambda: 'config.json' in differs('--set lr=.01'),
        ('fit','select_best'): lambda: 'cannot select' in differs('--select-best'), ('fit','resize_mode'): lambda: 'resize_mode' in differs('--resize-mode tile'), ('fit','out'): lambda: Path('runs/o').is_dir(),
        ('fit','resume'): lambda: said('fit ae-l2 --out runs/plain --resume')[0]==0 and 'exists' in said('fit ae-l2 --data mv/a --size 32 --out runs/plain')[1],
        ('eval','data'): lambda: json.loads(Path(said('eval runs/plain --data mv/b')[1].split('report: ')[1].replace('report.html', 'metrics.json')).read_text())['settings']['data']=='mv/b',
        ('eval','category'): lambda: said('eval runs/plain --data mv --category b --out ev')[0]==0 and "no category 'pill'" in said('eval runs/plain --data mv --category pill')[1] and "no category 'pill'" in said('eval runs/plain --category pill')[1],
        ('eval','out'): lambda: Path('ev/metrics.json').is_file(),
        ('predict','resize_mode'): lambda: 'may be off' in said('predict runs/plain mv/b/test/bad --resize-mode pad --out pp')[1], ('predict','out'): lambda: Path('pp/scores.csv').is_file(),
        ('predict','overlays'): lambda: said('predict runs/plain mv/b/test/bad --no-overlays --out po')[0]==0 and not Path('po/overlays').exists() and Path('pp/overlays').exists(),
        ('demo','steps'): lambda: len((Path('d1')/'history.csv').read_text().splitlines())==3 if said('demo --steps 2 --seed 3 --out d1')[0]==0 else False,
        ('demo','trained'): lambda: 'shows what is trained already' in said('demo --trained --seed 1')[1], ('demo','seed'): lambda: json.loads((Path('d1')/'manifest.json').read_text())['seed']==3, ('demo','out'): lambda: Path('d1').is_dir()}
    equal(set(acts), {(c.__name__.rstrip('_'), k) for c in _COMMANDS for k,p in inspect.signature(c).parameters.items() if p.kind is p.KEYWORD_ONLY})
    equal([k for k,o in acts.items() if not o()], [])

def piped(line, take, **env):
    "Exit code of a command whose output is read up to `take` lines only, and those lines"
    job = subprocess.Popen([sys.executable, '-c', 'import sys; from anomaly_nb.cli import main; sys.exit(main())', *line.split()], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, **env})
    seen = [job.stdout.readline() for _ in range(take)]
    job.stdout.close()
    return job.wait(), b''.join(seen)

def test_pipes(here):
    equal(piped('fit ae-l2 --data mv/a --size 32 --set latent=4 --steps 2 --out runs/head', 1)[0], 0)
    equal(Path('runs/head/metrics.json').is_file(), True)
    shutil.copy('mv/b/test/bad/1.png', 'mv/b/test/bad/größe.png')
    code,lines = piped('predict runs/plain mv/b/test/bad --out latin', 2, PYTHONIOENCODING='ascii')
    equal((code, b'gr\\xf6' in lines), (0,True))

def test_explore(here):
    "It prints an address that answers on this machine, and Ctrl-C ends it and what it has begun"
    job = subprocess.Popen([sys.executable, '-c', 'import sys; from anomaly_nb.cli import main; sys.exit(main())', 'explore', 'runs/plain'], stdout=subprocess.PIPE, text=True)
    address = re.search(r'http://127\.0\.0\.1:\d+/', job.stdout.readline())[0]
    with socket.create_connection(('127.0.0.1', int(address.split(':')[-1][:-1])), timeout=20): pass
    job.send_signal(signal.SIGINT)
    equal((job.wait(30), job.stdout.read()), (0, 'stopped\n'))
