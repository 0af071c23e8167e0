"""TransFusion on your photos, by seed, previous mask and number of inference steps:

    python benchmarks/photos.py FOLDER OUT [--textures DIR] [--seeds 0 1] [--prev-mask simulated none] [--num-inference-steps 1 5 19] [--size 128] [--steps 1000]

What is trained is kept in OUT."""
import argparse, json
from pathlib import Path
import torch
from anomaly_nb.baselines import evaluate_baselines
from anomaly_nb.data import dataloader, hold_out, open_data
from anomaly_nb.methods.transfusion import TransFusion
from anomaly_nb.metrics import evaluate

class NoPrevMask(TransFusion):
    "Never told what the step before predicted"
    def predict_heads(self, xt, prev_mask, t): return super().predict_heads(xt, 0*prev_mask, t)

VARIANTS = dict(simulated=TransFusion, none=NoPrevMask)

def line(name, m):
    "One row of the table: overall, then AUPRO by defect type"
    types = ' '.join(f"{k} {o['aupro']:.2f}" for k,o in m['per_defect_type'].items())
    figures = ' '.join(f'{m[o]:.3f}' for o in ('image_auroc','image_ap','pixel_auroc','pixel_ap','aupro'))
    return f'{name:50} {figures}  {types}'

def arguments():
    "What the command line asks for"
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ('folder','out'): p.add_argument(name)
    p.add_argument('--textures')
    p.add_argument('--seeds', type=int, nargs='+', default=[0,1])
    p.add_argument('--prev-mask', nargs='+', choices=list(VARIANTS), default=list(VARIANTS))
    p.add_argument('--num-inference-steps', type=int, nargs='+', default=[1,5,19])
    for name,default in (('size',128), ('steps',1000)): p.add_argument(f'--{name}', type=int, default=default)
    return p.parse_args()

a = arguments()
train,test = hold_out(open_data(a.folder, size=a.size))[0], open_data(a.folder, size=a.size, split='test')
print(f"{'':50} image AUROC, AP, pixel AUROC, AP, AUPRO; AUPRO by defect type")
for name,m in evaluate_baselines(dataloader(train, 16), dataloader(test, 16), test.defect_types).items(): print(line(name, m), flush=True)
for seed in a.seeds:
    for told in a.prev_mask:
        cls,run = VARIANTS[told],Path(a.out)/f'seed{seed}-{told}'
        if not run.exists():
            torch.manual_seed(seed)
            det = cls.small(size=a.size, textures=a.textures)
            det.fit(dataloader(train, 16, shuffle=True), steps=a.steps, seed=seed).save_pretrained(run)
        for k in a.num_inference_steps:
            det = cls.from_pretrained(run, num_inference_steps=k).fit_normalizer(train)
            m = evaluate(*det.predict_dl(dataloader(test, 16)), test.defect_types)
            (run/f'{k}-inference-steps.json').write_text(json.dumps(m), encoding='utf-8')
            print(line(f'seed {seed}, prev_mask {told}, num_inference_steps {k}', m), flush=True)
