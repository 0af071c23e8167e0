"""DRAEM, DiffAD and TransFusion on the same pictures with the same CPU seconds:

    python benchmarks/compare.py [CATEGORY ...] [--methods draem diffad transfusion] [--seconds 90] [--seeds 0 1 2]
    python benchmarks/compare.py --data FOLDER --size 128 --seconds 1200 [--seeds 0] [--keep DIR]

`small`, one thread. The clock of a training is replaced by that of the processor, so that other work on the machine does not count; learning rates and
stages follow the share of the seconds that has passed. Seconds of a prediction are for 100 pictures. On FOLDER a choice ('auto') is made on defects
drawn on held-out photos, as `anomaly-nb fit` does it.
"""
import argparse, time
from pathlib import Path
from unittest.mock import patch
import torch
from anomaly_nb.builtin import builtin, categories
from anomaly_nb.data import dataloader
from anomaly_nb.methods import METHODS, find, make
from anomaly_nb.metrics import evaluate
from anomaly_nb.runs import RunFolder

def on_builtin(method, category, seed, minutes):
    "Detector and test pictures"
    good,test = (builtin(category, split=o, seed=seed) for o in ('train','test'))
    torch.manual_seed(seed)
    det = make(method)
    return det.fit(dataloader(good, det.batch_size, shuffle=True), minutes=minutes, seed=seed), test

def on_folder(method, data, seed, minutes, size, keep):
    "Detector and test pictures, by way of a run that stays in `keep`"
    cls,fixed = find(method)
    run = RunFolder.create(Path(keep)/f'{method}-{seed}', cls, method=method, data=data, size=size, minutes=minutes, seed=seed, settings=fixed).fit()
    return run.detector(cls), run.data('test')

def row(det, test):
    "Image AUROC, AUPRO, steps, seconds for 100 pictures"
    t = time.process_time()
    pred,truth = det.predict_dl(dataloader(test))
    cost,m = time.process_time()-t, evaluate(pred, truth)
    return m['image_auroc'], m['aupro'], det.losses[-1]['step'], cost*100/len(test)

def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument('categories', nargs='*', default=categories())
    a.add_argument('--methods', nargs='+', choices=METHODS, default=['draem','diffad','transfusion'], metavar='METHOD')
    a.add_argument('--seconds', type=float, default=90)
    a.add_argument('--seeds', nargs='+', type=int, default=[0,1,2])
    a.add_argument('--data')
    a.add_argument('--size', type=int, default=128)
    a.add_argument('--keep', default='runs/compare')
    args = a.parse_args()
    torch.set_num_threads(1)
    print(f"{'':12}{'':14}seed  AUROC  AUPRO   steps  100 pictures")
    for method in args.methods:
        rows = []
        for what in [args.data] if args.data else args.categories:
            for seed in args.seeds:
                with patch('anomaly_nb.train.time.monotonic', time.process_time):
                    det,test = on_folder(method, what, seed, args.seconds/60, args.size, args.keep) if args.data else on_builtin(method, what, seed, args.seconds/60)
                rows.append(row(det, test))
                print('{:12}{:14}{:4}  {:.3f}  {:.3f}  {:6}  {:7.2f} s'.format(method, Path(what).name, seed, *rows[-1]), flush=True)
        print('{:12}{:14}      {:.3f}  {:.3f}  {:6.0f}  {:7.2f} s'.format(method, 'mean', *torch.tensor(rows, dtype=torch.float64).mean(0).tolist()), flush=True)

if __name__=='__main__': main()
