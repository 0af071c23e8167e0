"The demo for several training seeds, with its cost: python benchmarks/demo.py [SEED ...] (default 0 1 2)"
import json, sys, tempfile, time
from pathlib import Path
from anomaly_nb.cli import main

rows = []
for seed in sys.argv[1:] or ['0','1','2']:
    with tempfile.TemporaryDirectory() as d:
        wall,cpu = time.perf_counter(),time.process_time()
        if main(['demo', '--seed', seed, '--out', f'{d}/run']): sys.exit(1)
        m = json.loads(Path(d, 'run', 'metrics.json').read_text(encoding='utf-8'))
    base = ' '.join(f"{k} {v['image_auroc']:.3f}/{v['aupro']:.3f}" for k,v in m['baselines'].items())
    rows.append(f"seed {seed}: image AUROC {m['image_auroc']:.4f}, AUPRO {m['aupro']:.4f}; {base}; left inside defects {m['restoration']['inside']:.3f}, "
        f"change of good pictures {m['restoration']['good']:.4f}; {time.perf_counter()-wall:.0f} s wall, {time.process_time()-cpu:.0f} s CPU")
print('\n'.join(rows))
