"""Train the detectors that travel with the package, and say what half precision costs:

    python benchmarks/trained.py [--out DIR] [METHOD-CATEGORY ...]     default: all of anomaly_nb/detectors, seed 0
    python benchmarks/trained.py --from RUN --out DIR NAME             pack a run that was trained already

A folder of that name in DIR must not exist yet. Each is `anomaly-nb fit METHOD --data builtin:CATEGORY --seed 0`, packed.
"""
import argparse, json, tempfile, time
from pathlib import Path
from anomaly_nb.methods import find
from anomaly_nb.runs import RunFolder
from anomaly_nb.trained import open_run, pack, trained_names

def fitted(name, path):
    "The run `name`, trained and measured"
    method,category = name.rsplit('-', 1)
    cls,fixed = find(method)
    run = RunFolder.create(path, cls, method=method, data=f'builtin:{category}', seed=0, settings=fixed).fit()
    run.measure()
    return run

def compare(run, small):
    "A line for each: figures on the test pictures, bytes"
    exact = json.loads((run.path/'metrics.json').read_text(encoding='utf-8'))
    with tempfile.TemporaryDirectory() as d: half = small.measure(out=Path(d)/'half')
    for name,m,o in (('float32',exact,run),('float16',half,small)):
        print(f"{small.path.name:24}{name:9} image AUROC {m['image_auroc']:.4f}, AUPRO {m['aupro']:.4f}, threshold {o.manifest['threshold']['value']:.4f}, {(o.path/'model.safetensors').stat().st_size/1e6:.2f} MB")

def main():
    a = argparse.ArgumentParser()
    a.add_argument('names', nargs='*', default=trained_names())
    a.add_argument('--out', type=Path, default=Path('runs/packed'))
    a.add_argument('--from', dest='run', type=Path)
    args = a.parse_args()
    for name in args.names:
        t = time.perf_counter()
        with tempfile.TemporaryDirectory() as d:
            run = open_run(args.run) if args.run else fitted(name, Path(d)/'run')
            compare(run, pack(run, args.out/name))
        print(f'{name:24}{time.perf_counter()-t:.0f} s')

if __name__=='__main__': main()
