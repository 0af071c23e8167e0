"""Coreset and nearest neighbours at PatchCore's sizes, ours beside others, in one run and one thread: python benchmarks/patchcore.py [N] [D] [K]

Others: the greedy loop of anomalib 2.7 and of the official code, restated from what is published about them (random projection by
Johnson-Lindenstrauss with eps=.9; 128 numbers by a linear layer, start from the mean distance to ten points), scikit-learn, and faiss where it is installed.
"""
import sys, time
import torch
from sklearn.neighbors import NearestNeighbors
from sklearn.random_projection import SparseRandomProjection
from anomaly_nb.blocks.coreset import cover_radius, greedy_coreset, random_projection

def one_by_one(x, k, d): # (n,d) points; how many; distance of each to what is kept at the start
    "All points meet each pick by itself"
    picks = []
    for _ in range(k):
        picks.append(int(d.argmax()))
        d = torch.minimum(d, (x-x[picks[-1]]).square().sum(1).sqrt())
    return torch.tensor(picks)

def anomalib(x, k):
    short = torch.from_numpy(SparseRandomProjection(eps=.9, random_state=0).fit_transform(x.numpy()))
    return one_by_one(short, k, (short-short[0]).norm(dim=1))

def official(x, k):
    torch.manual_seed(0)
    short = torch.nn.Linear(x.shape[1], 128, bias=False)(x).detach()
    return one_by_one(short, k, torch.cdist(short, short[torch.randperm(len(x))[:10]]).mean(1))

def line(name, f, then):
    wall,cpu = time.perf_counter(),time.process_time()
    res = f()
    cpu,wall = time.process_time()-cpu,time.perf_counter()-wall
    print(f'{name:34} {cpu:7.2f} s CPU {wall:7.2f} s wall   {then(res)}', flush=True)
    return cpu,res

def nearest(bank, x):
    "Distance to the nearest of `bank`, as PatchCore asks"
    from anomaly_nb.methods.patchcore import nearest_k
    return nearest_k(x, bank, 1)[0][:,0]

def main(n=20_000, d=384, k=2000):
    torch.set_num_threads(1)
    g = torch.Generator().manual_seed(0)
    x = torch.tanh(torch.randn(n, 24, generator=g)@torch.randn(24, d, generator=g)/3) # near a surface of 24 dimensions
    print(f'{n} points of {d}, {k} kept')
    def cover(picks): return f'covering radius {cover_radius(x, picks):.2f}'
    ours,picks = line('ours', lambda: greedy_coreset(x, k), cover)
    line('ours, projected to 128', lambda: greedy_coreset(random_projection(x, 128, torch.Generator().manual_seed(0)), k), cover)
    theirs = line('anomalib 2.7, restated', lambda: anomalib(x, k), cover)[0]
    line('official, restated', lambda: official(x, k), cover)
    line('random', lambda: torch.randperm(n, generator=g)[:k], cover)
    print(f'anomalib takes {theirs/ours:.1f} times as long')
    bank,asked = x[picks],torch.tanh(torch.randn(8192, 24, generator=g)@torch.randn(24, d, generator=g)/3)
    print(f'nearest of {k} for 8192 points')
    nearest(bank, asked[:8]) # faiss is imported by the first call
    _,want = line('ours', lambda: nearest(bank, asked), lambda o: '')
    def off(o): return f'largest difference {(o-want).abs().max():.1e}'
    line('torch.cdist', lambda: torch.cdist(asked, bank).amin(1), off)
    line('scikit-learn, brute', lambda: torch.from_numpy(NearestNeighbors(n_neighbors=1, algorithm='brute').fit(bank.numpy()).kneighbors(asked.numpy())[0][:,0]), off)
    try: import faiss
    except ImportError: return print('faiss is not installed')
    def flat():
        index = faiss.IndexFlatL2(d)
        index.add(bank.numpy())
        return torch.from_numpy(index.search(asked.numpy(), 1)[0][:,0]).sqrt()
    line('faiss, flat', flat, off)

if __name__=='__main__': main(*map(int, sys.argv[1:]))
