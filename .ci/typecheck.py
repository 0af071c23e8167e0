"Pyright over `.ci/typed`: no error in user.py, and in wrong.py errors on the marked lines alone. python .ci/typecheck.py [FOLDER that holds anomaly_nb]"
import json, shutil, subprocess, sys
from pathlib import Path
from tempfile import TemporaryDirectory

root = Path(__file__).resolve().parents[1]
lib = Path(sys.argv[1] if len(sys.argv)>1 else root).resolve()

def pyright(scripts): # Files -> what pyright says of them; of copies, since it skips folders that begin with a dot
    with TemporaryDirectory() as tmp:
        for p in scripts: shutil.copy(p, tmp)
        Path(tmp, 'pyrightconfig.json').write_text(json.dumps(dict(extraPaths=[str(lib)])), encoding='utf-8')
        out = subprocess.run([sys.executable, '-m', 'pyright', '--outputjson', '--pythonpath', sys.executable], cwd=tmp, capture_output=True, text=True, encoding='utf-8')
    if out.returncode not in (0,1): sys.exit(f"pyright failed with status {out.returncode}: {out.stdout}{out.stderr}")
    return json.loads(out.stdout)['generalDiagnostics']

scripts = sorted((root/'.ci'/'typed').glob('*.py'))
found = [(Path(o['file']).name, o['range']['start']['line']+1, o['severity'], o['message']) for o in pyright(scripts)]
for name,line,kind,text in found: print(f"{name}:{line}: {kind}: {text}")
errors = {(name,line) for name,line,kind,_ in found if kind=='error'}
marked = {(p.name,i) for p in scripts for i,s in enumerate(p.read_text(encoding='utf-8').splitlines(), 1) if s.endswith('# error')}
if errors!=marked: sys.exit(f"expected errors at {sorted(marked)}, got {sorted(errors)}")
print(f"{len(scripts)} scripts checked, {len(marked)} wrong lines found")
