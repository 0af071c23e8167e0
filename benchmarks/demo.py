"The demo for several training seeds, with its cost: python benchmarks/demo.py [SEED ...] (default 0 1 2)"
import json, sys, tempfile, time
from anomaly_nb.cli import demo

def line(seed):
    "Train, measure, and say what came out"
    with tempfile.TemporaryDirectory() as d:
        wall,cpu = time.perf_counter(),time.process_time()
        run = demo(seed=seed, out=f'{d}/run')
        m = json.loads((run.path/'metrics.json').read_text(encoding='utf-8'))
        wall,cpu = time.perf_counter()-wall,time.process_time()-cpu
    base = ' '.join(f"{k} {v['image_auroc']:.3f}/{v['aupro']:.3f}" for k,v in m['baselines'].items())
    return (f"seed {seed}: image AUROC {m['image_auroc']:.4f}, AUPRO {m['aupro']:.4f}; {base}; "
        f"error left inside defects {m['restoration']['inside']:.3f}, change of good pictures {m['restoration']['good']:.4f}; "
        f"{wall:.0f} s wall, {cpu:.0f} s CPU")

if __name__=='__main__': print('\n'.join([line(int(o)) for o in sys.argv[1:] or (0,1,2)]))
