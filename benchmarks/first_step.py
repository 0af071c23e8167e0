"""One full training step of every `paper` preset on this machine: CPU seconds with all that `fit` sets up, and peak memory, each in a process of its own.

    python benchmarks/first_step.py [BATCH]     2 pictures a step or more (default 2)
"""
import json, resource, subprocess, sys, time
import torch
from anomaly_nb import methods
from anomaly_nb.builtin import builtin
from anomaly_nb.data import dataloader

PRESETS = {'AE-L2, 128 px': ('AutoEncoder', {}), 'AE-SSIM, 128 px': ('AutoEncoder', dict(loss='ssim')),
    'AE-L2 on patches, 256 px': ('AutoEncoder', dict(size=256, patch=128)), 'MemAE, 256 px': ('MemAE', {}),
    'TrustMAE, 256 px': ('TrustMAE', dict(backbone='random')), 'TransFusion, 256 px': ('TransFusion', {})}

def step(name, batch):
    "Print seconds, GiB and loss of one step of `name`"
    torch.set_num_threads(1)
    cls,settings = PRESETS[name]
    det = getattr(methods, cls).paper(**settings)
    dl = dataloader(builtin('washer', size=det.size, n=batch), batch)
    start = time.process_time()
    det.fit(dl, steps=1)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/2**20
    print(json.dumps([time.process_time()-start, memory, det.losses[0]['loss']]))

def main(batch):
    "One line for each of `PRESETS`"
    print(f"{'preset':26} {'CPU s':>6} {'GiB':>5} {'loss':>7}   ({batch} pictures a step)")
    for name in PRESETS:
        out = subprocess.run([sys.executable, __file__, str(batch), name], capture_output=True, text=True, check=True).stdout
        print('{:26} {:6.1f} {:5.2f} {:7.3f}'.format(name, *json.loads(out.splitlines()[-1])), flush=True)

if __name__=='__main__':
    batch = int(sys.argv[1]) if len(sys.argv)>1 else 2
    if len(sys.argv)>2: step(sys.argv[2], batch)
    else: main(batch)
