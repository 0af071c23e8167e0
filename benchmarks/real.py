"""Methods on real photos, as `anomaly-nb fit` and `evaluate` would measure them, beside the baselines:

    python benchmarks/real.py DATA OUT METHOD ... [--size 224] [--random]

DATA is a folder, elpv:mono or elpv:poly. --random takes a network that has learned nothing in place of the pretrained one. Seed 0, `small`,
one thread, seconds of the CPU. What is trained is kept in OUT; choices ('auto') are made on defects drawn on held-out photos.
"""
import argparse, time
from pathlib import Path
import torch
from anomaly_nb.methods import METHODS, find
from anomaly_nb.runs import RunFolder

def line(name, m, seconds=''):
    "One row of the table; photos without masks have an image AUROC only"
    print(f"{name:24} image AUROC {m['image_auroc']:.3f}  {'' if m.get('aupro') is None else 'AUPRO %.3f' % m['aupro']}  {seconds}", flush=True)

def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for o in ('data','out'): a.add_argument(o)
    a.add_argument('methods', nargs='+', choices=METHODS, metavar='METHOD')
    a.add_argument('--size', type=int, default=224)
    a.add_argument('--random', action='store_true')
    args = a.parse_args()
    torch.set_num_threads(1)
    for method in args.methods:
        cls,fixed = find(method)
        name = f"{method}{'-random' if args.random else ''}"
        t0 = time.process_time()
        run = RunFolder.create(Path(args.out)/name, cls, method=method, data=args.data, size=args.size, settings=fixed | (dict(backbone='random') if args.random else {})).fit()
        t1 = time.process_time()
        m = run.measure()
        t2 = time.process_time()
        if method==args.methods[0]:
            for k,o in m['baselines'].items(): line(k, o)
        line(name, m, f'fit {t1-t0:.0f} s, measuring {t2-t1:.0f} s; chosen {run.choice and run.choice["taken"]}')

if __name__=='__main__': main()
