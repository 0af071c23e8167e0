"SSIM beside pytorch-msssim, kornia and torchmetrics where installed, CPU seconds of one thread: python benchmarks/ssim.py"
import time, torch
from importlib import import_module
from skimage.metrics import structural_similarity
from anomaly_nb.blocks.ssim import ssim

def msssim(m, x, y): return m.ssim(x, y, data_range=1.)
def kornia(m, x, y): return m.ssim(x, y, 11, padding='valid').mean()
def torchmetrics(m, x, y): return m.structural_similarity_index_measure(x, y, data_range=1., return_full_image=True)[1][...,5:-5,5:-5].mean()
PEERS = {'pytorch-msssim':('pytorch_msssim', msssim), 'kornia':('kornia.metrics', kornia), 'torchmetrics':('torchmetrics.functional.image', torchmetrics)}

def peer(module, f):
    "`f` with its `module`, or None where that is not installed"
    try: m = import_module(module)
    except ImportError: return None
    return lambda x, y: f(m, x, y)

def skimage(x, y):
    "scikit-image's mean with the same window"
    kw = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1., channel_axis=0)
    return sum(structural_similarity(a, b, **kw) for a,b in zip(x.double().numpy(), y.double().numpy()))/len(x)

def cost(f, x, y, grad):
    "CPU seconds of one call, with its backward pass if `grad`, and the value"
    x = x.clone().requires_grad_(grad)
    start = time.process_time()
    v = f(x, y)
    if grad: v.backward()
    return time.process_time()-start, v.item()

def compare(shape=(8,3,256,256), repeats=9):
    "Print the least of `repeats` rounds in which everybody has a turn, after one to warm up"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    g = torch.Generator().manual_seed(0)
    x = torch.rand(shape, generator=g)
    y = (x + .1*torch.randn(shape, generator=g)).clamp(0, 1)
    fs = {'anomaly_nb':ssim} | {k: peer(*v) for k,v in PEERS.items()}
    rounds = [{k: (*cost(f, x, y, False), *cost(f, x, y, True)) for k,f in fs.items() if f} for _ in range(repeats+1)]
    torch.set_num_threads(threads)
    best = {k: tuple(min(r[k][i] for r in rounds[1:]) for i in (0,2)) for k in rounds[0]}
    fwd,both = best['anomaly_nb']
    ours,true = rounds[0]['anomaly_nb'][1],skimage(x, y)
    print(f"SSIM of {shape}\n{'':16}{'forward s':>9}{'ratio':>7}{'fwd+bwd s':>11}{'ratio':>7}{'- skimage':>11}{'- ours':>9}")
    for k in fs:
        if k not in best:
            print(f'{k:16}not installed')
            continue
        print(f'{k:16}{best[k][0]:9.3f}{best[k][0]/fwd:7.2f}{best[k][1]:11.3f}{best[k][1]/both:7.2f}{rounds[0][k][1]-true:11.0e}{rounds[0][k][1]-ours:9.0e}')

if __name__=='__main__': compare()
