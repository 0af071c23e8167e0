"""Does memory grow with the number of pictures? python benchmarks/memory.py [--counts 200 2000 10000] [--size 64]

Folders of so many drawn washers are made, all good and all different. A TransFusion is trained on each for a few steps, and asked about all of its photos, each in a process of its own; printed is the most memory that it held."""
import argparse, subprocess, sys
from pathlib import Path
from tempfile import TemporaryDirectory
import numpy as np
from PIL import Image
from anomaly_nb.builtin import builtin

COMMAND = "import resource, sys; from anomaly_nb.cli import main; code = main(sys.argv[1:]); print('PEAK', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss//1024); sys.exit(code)"

def folder(root, n, size):
    "`n` photos: 50 washers, each with noise of its own"
    washers,rng = [255*b.x.permute(1,2,0).numpy() for b in builtin('washer', size=size, n=50)],np.random.default_rng(0)
    (root/'good').mkdir(parents=True)
    for i in range(n): Image.fromarray((washers[i%50]+rng.integers(0, 8, (size,size,1))).clip(0,255).astype(np.uint8)).save(root/'good'/f'{i:05}.png', compress_level=1)

def peak(*words):
    "MiB that one command held at most"
    out = subprocess.run([sys.executable, '-c', COMMAND, *map(str, words)], capture_output=True, text=True)
    if out.returncode: raise SystemExit(out.stderr)
    return int(out.stdout.split('PEAK')[1])

p = argparse.ArgumentParser()
p.add_argument('--counts', type=int, nargs='+', default=[200,2000,10000])
p.add_argument('--size', type=int, default=64)
a = p.parse_args()
print('pictures   fit MiB   predict MiB')
for n in a.counts:
    with TemporaryDirectory() as d:
        data,run = Path(d)/'data',Path(d)/'run'
        folder(data, n, a.size)
        fit = peak('fit', 'transfusion', '--data', data, '--size', a.size, '--steps', 20, '--out', run)
        print(f"{n:8}{fit:10}{peak('predict', run, data/'good', '--no-overlays', '--out', Path(d)/'answers'):14}", flush=True)
