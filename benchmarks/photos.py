"TransFusion on your photos, by seed, hint and K: python benchmarks/photos.py FOLDER OUT [--textures DIR] [--seeds 0 1] [--size 128] [--steps 1000]"
import argparse, json
from pathlib import Path
import torch
from anomaly_nb.baselines import evaluate_baselines
from anomaly_nb.data import dataloader, hold_out, open_data
from anomaly_nb.methods.transfusion import TransFusion
from anomaly_nb.metrics import evaluate

class NoPrevMask(TransFusion):
    "Never told what the step before believed"
    def predict_heads(self, xt, prev_mask, t): return super().look(xt, 0*prev_mask, t)

def line(name, m):
    "One row of the table: overall, then AUPRO by kind"
    kinds = ' '.join(f"{k} {o['aupro']:.2f}" for k,o in m['per_defect_type'].items())
    return f"{name:28} {m['image_auroc']:.3f} {m['image_ap']:.3f} {m['pixel_auroc']:.3f} {m['pixel_ap']:.3f} {m['aupro']:.3f}  {kinds}"

p = argparse.ArgumentParser()
for name in ('folder','out'): p.add_argument(name)
p.add_argument('--textures')
p.add_argument('--seeds', type=int, nargs='+', default=[0,1])
p.add_argument('--hints', nargs='+', choices=['simulated','none'], default=['simulated','none'])
p.add_argument('--K', type=int, nargs='+', default=[1,5,19])
for name,usual in (('size',128), ('steps',1000)): p.add_argument(f'--{name}', type=int, default=usual)
a = p.parse_args()

train,test = hold_out(open_data(a.folder, size=a.size))[0], open_data(a.folder, size=a.size, split='test')
print(f"{'':28} image AUROC, AP, pixel AUROC, AP, AUPRO; AUPRO by kind")
for name,m in evaluate_baselines(dataloader(train, 16), dataloader(test, 16), test.defect_types).items(): print(line(name, m), flush=True)
for seed in a.seeds:
    for prev_mask in a.hints:
        run = Path(a.out)/f'seed{seed}-{prev_mask}'
        cls = TransFusion if prev_mask=='simulated' else NoPrevMask
        if not run.exists():
            torch.manual_seed(seed)
            det = cls.small(size=a.size, textures=a.textures).fit(dataloader(train, 16, shuffle=True), steps=a.steps, seed=seed)
            det.save_pretrained(run)
        for num_inference_steps in a.num_inference_steps:
            det = cls.from_pretrained(run, num_inference_steps=num_inference_steps).fit_normalizer(dataloader(train, 16, shuffle=True))
            m = evaluate(*det.predict_dl(dataloader(test, 16)), test.defect_types)
            (run/f'K{num_inference_steps}.json').write_text(json.dumps(m), encoding='utf-8')
            print(line(f'seed {seed}, hint {prev_mask}, K={num_inference_steps}', m), flush=True)
