"""Our metrics beside other implementations, then SSIM: python benchmarks/metrics.py [small|large|ssim ...] (default all; ties by adding 'ties')

One thread; each row in a process of its own, the least CPU time of up to three calls; memory is the peak beyond the loaded maps.
Peers, where installed: pip install scikit-learn torchmetrics pyaupro ADEval opencv-python-headless pytorch-msssim kornia"""
import os; os.environ['OMP_NUM_THREADS'] = '1'
import multiprocessing, sys, tempfile, time
from pathlib import Path
import numpy as np, torch
from scipy.ndimage import gaussian_filter, label
from anomaly_nb.core import Batch, Detection
from anomaly_nb.metrics import AUPRO, aupro, auroc, average_precision, evaluate, f1_max

SIZES = dict(small=(80,256), large=(300,512))

def toy(count, sz, ties):
    "Smooth maps (count,sz,sz) float32 in [0,1]; every second picture has one or two round defects, some faint"
    g,(y,x) = np.random.default_rng(0),np.mgrid[:sz,:sz]
    maps,masks = np.empty((count,sz,sz), np.float32),np.zeros((count,sz,sz), bool)
    for i in range(count):
        if i%2:
            for cy,cx,r in zip(*g.integers(20, sz-20, (2,2)), g.integers(3, sz//16, 2)): masks[i] |= (y-cy)**2+(x-cx)**2 < r*r
        maps[i] = gaussian_filter(g.normal(size=(sz,sz)), 3)*10 + gaussian_filter(masks[i].astype(float), 4)*g.uniform(.5, 2)
    maps = (maps-maps.min())/np.ptp(maps)
    return ((maps*255).round()/255 if ties else maps).astype(np.float32), masks

def definition(maps, masks, fpr_limit=.3):
    "AUPRO from MVTec AD's definition: sort all pixels, add them up one by one, merge ties, interpolate at `fpr_limit`"
    weight = np.zeros(maps.shape)
    for w,m in zip(weight, masks):
        region = label(m, np.ones((3,3)))[0]
        w[m] = 1/np.bincount(region.ravel())[region[m]]
    order = np.argsort(-maps, axis=None, kind='stable')
    score = maps.ravel()[order]
    fpr,pro = (np.cumsum(o.ravel()[order], dtype=float) for o in (~masks, weight))
    last = np.r_[score[1:]!=score[:-1], True]
    fpr,pro = (np.r_[0,o[last]/o[-1]] for o in (fpr, pro))
    k = np.searchsorted(fpr, fpr_limit, 'right')
    fpr,pro = np.r_[fpr[:k],fpr_limit],np.r_[pro[:k],np.interp(fpr_limit, fpr, pro)]
    return float((np.diff(fpr)*(pro[1:]+pro[:-1])).sum()/2/fpr_limit)

def pyaupro_exact(maps, masks):
    from pyaupro import PerRegionOverlap, auc_compute
    pro = PerRegionOverlap()
    pro.update(torch.from_numpy(maps), torch.from_numpy(masks).int())
    return float(auc_compute(*pro.compute(), limit=.3))

def adeval_strips(maps, masks, which=2):
    from adeval import auroc_aupr_aupro
    np.trapz = getattr(np, 'trapz', None) or np.trapezoid
    return float(auroc_aupr_aupro(list(maps), list(masks.astype(np.uint8)))[which])

def scikit_learn(name): # Of a function in sklearn.metrics
    def f(maps, masks):
        import sklearn.metrics
        return float(getattr(sklearn.metrics, name)(masks.ravel(), maps.ravel()))
    return f

def torchmetrics(name): # Of a function in torchmetrics.functional.classification
    def f(maps, masks):
        import torchmetrics.functional.classification as tm
        return float(getattr(tm, name)(torch.from_numpy(maps).flatten(), torch.from_numpy(masks).flatten().long()))
    return f

def stream(maps, masks):
    res = AUPRO(keep=0)
    for o,m in zip(maps, masks): res.update(o[None], m[None])
    return res.compute()

def everything(maps, masks):
    maps,masks = torch.from_numpy(maps),torch.from_numpy(masks)
    return evaluate(Detection(maps, maps.flatten(1).amax(1)), Batch(None, masks, masks.flatten(1).any(1)))['aupro']

def separately(maps, masks):
    score,bad = maps.max((1,2)),masks.any((1,2))
    return [f(*o) for o in ((score,bad),(maps,masks)) for f in (auroc, average_precision, f1_max)]+[aupro(maps, masks, .05), aupro(maps, masks)]

ROWS = {'AUPRO': {'ours': aupro, 'ours, streamed into bins': stream, 'definition (argsort, cumsum)': definition, 'pyaupro, exact': pyaupro_exact, 'adeval, 1000 strips': adeval_strips},
    'pixel AUROC': {'ours': auroc, 'scikit-learn': scikit_learn('roc_auc_score'), 'torchmetrics': torchmetrics('binary_auroc'), 'adeval': lambda *o: adeval_strips(*o, 0)},
    'pixel AP': {'ours': average_precision, 'scikit-learn': scikit_learn('average_precision_score'), 'torchmetrics': torchmetrics('binary_average_precision'), 'adeval': lambda *o: adeval_strips(*o, 1)},
    'all eight': {'evaluate': everything, 'eight separate calls': separately}}

def peak(reset=False):
    "Peak memory of this process since the last reset, in MiB (Linux)"
    if reset: Path('/proc/self/clear_refs').write_text('5')
    return int(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])/2**10

def measure(pipe, folder, *row):
    "CPU seconds, peak MiB and value of one of ROWS on the maps in `folder`, or why there are none"
    torch.set_num_threads(1)
    f,(maps,masks) = ROWS[row[0]][row[1]],(np.load(f'{folder}/{o}.npy') for o in ('maps','masks'))
    try:
        f(maps[:4,:64,:64].copy(), masks[:4,:64,:64]|(np.arange(4)%2==1)[:,None,None]&(np.arange(64)<9))
        before,times = peak(reset=True),[]
        while len(times)<3 and sum(times)<20:
            t = time.process_time()
            value = f(maps, masks)
            times.append(time.process_time()-t)
        pipe.send((min(times), peak()-before, value))
    except Exception as e: pipe.send('not installed' if isinstance(e, ImportError) else repr(e)[:60])

def apart(*o):
    "`measure` in a fresh process"
    here,there = multiprocessing.Pipe()
    p = multiprocessing.get_context('spawn').Process(target=measure, args=(there, *o))
    p.start()
    there.close()
    res = here.recv()
    p.join()
    return res

def compare(size, ties, folder):
    "The table of one set"
    maps,masks = toy(*SIZES[size], ties)
    for name,o in dict(maps=maps, masks=masks).items(): np.save(f'{folder}/{name}.npy', o)
    print(f"\n{size}: maps {maps.shape}{' of 256 levels' if ties else ''}, {maps.nbytes/2**20:.0f} MiB, {sum(label(m, np.ones((3,3)))[1] for m in masks)} regions, {masks.mean():.2%} defective\n")
    print('| metric | implementation | CPU s | times ours | peak, x maps | value - ours |\n|---|---|---|---|---|---|')
    for metric,rows in ROWS.items():
        ours = None
        for name in rows:
            res = apart(folder, metric, name)
            if isinstance(res, str):
                print(f'| {metric} | {name} | {res} | | | |')
                continue
            s,mib,value = res
            ours = ours or (s, value)
            off = f'{value-ours[1]:.1e}' if isinstance(value, float) else ''
            print(f'| {metric} | {name} | {s:.3f} | {s/ours[0]:.2f} | {mib*2**20/maps.nbytes:.2f} | {off} |', flush=True)

if __name__=='__main__':
    words = sys.argv[1:] or ['small','large','ssim']
    if wrong := set(words)-{*SIZES,'ssim','ties'}: sys.exit(f"expected small, large, ssim or ties, got {', '.join(wrong)}")
    for size in SIZES:
        if size in words:
            for ties in ([True] if 'ties' in words else [False,True]):
                with tempfile.TemporaryDirectory() as d: compare(size, ties, d)
    if 'ssim' in words:
        from ssim import compare as compare_ssim
        compare_ssim()
