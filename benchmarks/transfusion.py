"""What a call of the published network costs, as published and as here: python benchmarks/transfusion.py [side of the picture, default 256]

One thread on a CPU; on a GPU the same rows with fp16 and torch.compile. The least of three interleaved rounds."""
import os
os.environ.setdefault('OMP_NUM_THREADS', '1') # before torch is imported
import sys, time, torch
from contextlib import nullcontext
from einops import rearrange
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode
from anomaly_nb.blocks.unet import Attention, UNet, positional_row
from anomaly_nb.core import Batch
from anomaly_nb.methods import TransFusion

size = int(sys.argv[1]) if sys.argv[1:] else 256
device = 'cuda' if torch.cuda.is_available() else 'cpu'
torch.set_num_threads(1)
fused = Attention.forward

def explicit(self, x):
    "Attention as published: the whole table of shares, its softmax, and two products"
    q,k,v = self.qkv(rearrange(x, 'b c h w -> b (h w) c')).chunk(3, -1)
    shares = (q@k.transpose(1, 2)*q.shape[-1]**-.5).softmax(-1)
    return x + rearrange(self.out(shares@v), 'b (h w) c -> b c h w', h=x.shape[2])

def now():
    "Seconds of the clock, on a CPU of the process alone"
    if device=='cuda': torch.cuda.synchronize()
    return time.perf_counter() if device=='cuda' else time.process_time()

def call(net, attention, dtype):
    "Seconds and answers of one call for one picture"
    Attention.forward = attention
    start = now()
    with torch.no_grad(), torch.autocast(device, dtype) if dtype else nullcontext(): res = net(x, t)
    took = now()-start
    Attention.forward = fused
    return took, res

torch.manual_seed(0)
net = UNet().eval().to(device)
x = torch.cat([torch.rand(1,4,size,size), positional_row(size, size)], 1).to(device)
t = torch.tensor([10], device=device)
rows = {'as published: explicit softmax, fp32': (net, explicit, None), 'fused attention, fp32': (net, fused, None),
    'bf16, channels last': (net, fused, torch.bfloat16)}
if device=='cuda':
    rows |= {'fp16, channels last': (net, fused, torch.float16), 'bf16, torch.compile': (torch.compile(net), fused, torch.bfloat16)}

flops = FlopCounterMode(display=False)
with flops, torch.device('meta'), torch.no_grad(): UNet()(torch.zeros(1,5,size,size), torch.zeros(1))
print(f'{sum(o.numel() for o in net.parameters()):,} parameters, {flops.get_total_flops()/1e9:.1f} GFLOP a call at {size}x{size}, {device}, torch {torch.__version__}')
for k,v in flops.get_flop_counts()['Global'].items(): print(f'  {str(k):48}{v/1e9:8.1f} GFLOP')
for o in rows.values(): call(*o)
rounds = [{k: call(*o) for k,o in rows.items()} for _ in range(3)]
best,answer = {k: min(r[k][0] for r in rounds) for k in rows},rounds[0]
first = next(iter(rows))
for k in rows:
    off = max((a.float()-b).abs().max().item() for a,b in zip(answer[k][1], answer[first][1]))
    print(f'{k:40}{best[k]:8.3f} s{best[first]/best[k]:7.2f}x as fast, answers differ by at most {off:.0e}')

def parts(f, n=8):
    "Where the time of `f()` goes"
    with profile(activities=[ProfilerActivity.CPU]+[ProfilerActivity.CUDA]*(device=='cuda')) as p: f()
    def own(o): return o.self_device_time_total if device=='cuda' else o.self_cpu_time_total
    events = sorted(p.key_averages(), key=own, reverse=True)
    for o in events[:n]: print(f'  {o.key[:46]:48}{own(o)/sum(map(own, events)):8.1%}')

print('one call in bf16 spends its time in')
parts(lambda: call(*rows['bf16, channels last']))

small = TransFusion.small().to(device)
batch = Batch(torch.rand(small.batch_size,3,small.size,small.size, device=device))
optimiser = torch.optim.AdamW(small.parameters())

def seconds(f):
    "Seconds that `f(g)` takes"
    start = now()
    f(torch.Generator().manual_seed(0))
    return now()-start

def step(g):
    "One step of `small` in bf16"
    with torch.autocast(device, torch.bfloat16): loss = sum(small(batch, g).values())
    loss.backward()
    optimiser.step()
    optimiser.zero_grad()

def make(g): small.training_batch(batch, g)

for f in (step,make): f(torch.Generator().manual_seed(0))
times = [(seconds(make), seconds(step)) for _ in range(9)]
making,whole = (min(o) for o in zip(*times))
print(f'a training step of small in bf16: {whole:.3f} s, of which making anomalies {making:.3f} s, {making/whole:.1%}')
