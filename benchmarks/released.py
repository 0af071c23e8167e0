"""What the released code does differently, and what each difference costs: python benchmarks/released.py OUT [--full] [--seeds 0 1] [--photos FOLDER RUN]

Washers with the paper's map, reverse step and number of steps, and page 23's short training (180 steps at 32 pixels); `--full` takes `TransFusion.small` as it is, an hour of a CPU.
RUN is a detector trained for the photos in FOLDER: on its maps the two rules for masks are compared, too. What is trained is kept in OUT."""
import argparse
from pathlib import Path
from unittest.mock import patch
import torch
from torch.nn import functional as F
from anomaly_nb.blocks.pasting import Pasted, paste
from anomaly_nb.builtin import builtin
from anomaly_nb.core import collate
from anomaly_nb.data import dataloader, open_data
from anomaly_nb.methods.transfusion import TrainingSample, TransFusion
from anomaly_nb.metrics import aupro, auroc, average_precision, restoration

class Appearance(TransFusion):
    "The anomaly head says the appearance itself, not opacity times it"
    appearance:torch.Tensor|None = None # what the head said last
    sample:TrainingSample|None = None # about what
    def predict_heads(self, xt, prev_mask, t):
        self.appearance,n,logit = super().predict_heads(xt, prev_mask, t)
        return self.opacities[t].view(-1,1,1,1)*self.appearance, n, logit
    def training_batch(self, batch, g):
        self.sample = super().training_batch(batch, g)
        return self.sample
    def forward(self, batch, g):
        terms,f = super().forward(batch, g),self.sample
        return terms | dict(anomaly=F.mse_loss(self.appearance, f.mask*f.a))

class Told(TransFusion):
    "Trained with the simulated previous mask at the last step too"
    pasted:Pasted|None = None # the training pictures, before `training_batch` empties their previous masks at the last step
    def training_batch(self, batch, g):
        def remember(*args, **settings):
            self.pasted = paste(*args, **settings)
            return self.pasted
        with patch('anomaly_nb.methods.transfusion.paste', remember): return super().training_batch(batch, g)
    def turn(self, x, g): return super().turn(torch.cat([x[:,:-1], self.pasted.prev_mask], 1), g)

guesses = []

class Guessed(TransFusion):
    "SSIM's range guessed, made-up anomalies as in ours; `guesses` says how often it was 1"
    def training_batch(self, batch, g):
        self.official = False
        try: return super().training_batch(batch, g)
        finally: self.official = True
    def predict_heads(self, xt, prev_mask, t):
        res = super().predict_heads(xt, prev_mask, t)
        if self.training: guesses.append(bool(res[1].min()>=-.5))
        return res

p = argparse.ArgumentParser()
p.add_argument('out', type=Path)
p.add_argument('--full', action='store_true')
p.add_argument('--seeds', type=int, nargs='+', default=[0,1])
p.add_argument('--photos', nargs=2)
a = p.parse_args()
torch.set_num_threads(1)
PAPER = dict(reverse_step='blend', num_inference_steps=None, lam=.95, recon_map='faded', normalize_maps='no')
NET,PIC = {},{}
if not a.full:
    NET = dict(size=32, widths=(16,32), attention_levels=(), max_exp=3, lr=3e-3, steps=180)
    PIC = dict(size=32, difficulty=0.)
TOLD = 'prev_mask at the last step'
TRAINED = {'ours': (TransFusion, {}), 'head says a': (Appearance, {}), TOLD: (Told, {}), "SSIM's range guessed": (Guessed, dict(official=True)),
    'bricks, ours': (TransFusion, {}), "bricks, SSIM's range guessed": (Guessed, dict(official=True))}

def pictures(name, split, **kw):
    "Washers, or bricks where `name` says so"
    return builtin('brick' if name.startswith('bricks') else 'washer', split=split, **{**PIC, **kw})

def trained(name, seed, **kw):
    "The detector of row `name`, from OUT if it is there"
    cls,own = TRAINED[name]
    run = a.out/f'{name}, seed {seed}'
    if not run.exists():
        torch.manual_seed(seed)
        det = cls.small(**NET, **PAPER, **own)
        det.fit(dataloader(pictures(name, 'train'), 16, shuffle=True), seed=seed).save_pretrained(run)
        if guesses: print(f'seed {seed}  {name}: range 1 in {sum(guesses)/len(guesses):.0%} of the steps', flush=True)
        guesses.clear()
    return cls.from_pretrained(run, **{'official': False, **kw})

def maps(det, x):
    "Sum of the masks, squared difference to the end of the reverse process, and that end, of pictures `x`"
    parts = []
    for part in x.split(32):
        rec,disc,recon,steps = det._maps(part)
        parts.append((disc*(len(steps)+det.official), recon, rec))
    return map(torch.cat, zip(*parts))

rows = {}
def measure(name, seed, det, divisors):
    "Image AUROC, AUPRO and error left inside defects, for each divisor of the masks"
    test = pictures(name, 'test', n=50)
    truth,clean = collate(list(test)),torch.stack([test.clean(i) for i in range(len(test))])
    disc,recon,rec = maps(det, truth.x)
    for o in divisors:
        amap = det.final_map(disc/o, recon)
        res = 100*auroc(det.score(amap), truth.label), 100*aupro(amap, truth.mask), restoration(rec, clean, truth)['inside']
        rows.setdefault(f'{name}, masks / {o}', []).append(res)
        print(f'seed {seed}  {name}, masks / {o}', *(f'{v:.3f}' for v in res), flush=True)

for seed in a.seeds:
    for name in TRAINED: measure(f'{name}: 19 calls', seed, trained(name, seed), [19])
    for name in ('ours', TOLD): measure(f'{name}: 18 calls', seed, trained(name, seed, official=True), [18,19])
print(f"\n{'mean over seeds, largest distance from it':52}   image AUROC         AUPRO   error left")
for name,res in rows.items():
    cols = [torch.tensor(o) for o in zip(*res)]
    print(f'{name:52}' + ''.join(f'{o.mean():8.2f} ({(o-o.mean()).abs().max():.2f})' for o in cols))

def touched(mask, sz): return F.interpolate(255*mask[:,None].float(), sz, mode='bilinear', antialias=True)[:,0]>.5

def by_rule(amap, rules):
    "AUPRO, pixel AUROC, pixel AP and area under each mask"
    for k,m in rules.items():
        figures = ''.join(f'{100*f(amap, m):8.2f}' for f in (aupro, auroc, average_precision))
        print(f'{k:52}{figures}{100*m.float().mean():8.3f} %', flush=True)

print('\nrule for masks: AUPRO, pixel AUROC, pixel AP, area')
large,sz = collate(list(pictures('washers', 'test', size=256, n=50))),PIC.get('size', 64)
small = F.interpolate(large.x, sz, mode='bilinear', antialias=True).clamp(0,1)
near = F.interpolate(large.mask[:,None].float(), sz, mode='nearest-exact')[:,0]>0
for seed in a.seeds:
    amap = torch.cat([trained('ours', seed).predict(x).amap for x in small.split(32)])
    by_rule(amap, {f'washers, nearest, seed {seed}': near, f'washers, touched, seed {seed}': touched(large.mask, sz)})
if a.photos:
    det = TransFusion.from_pretrained(a.photos[1])
    near,touch = (open_data(a.photos[0], size=det.size, split='test', touched=o) for o in (False,True))
    pred,truth = det.predict_dl(dataloader(near, 16))
    by_rule(pred.amap, {'photos, nearest': truth.mask, 'photos, touched': torch.stack([touch[i].mask for i in range(len(touch))])})
