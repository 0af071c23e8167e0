"""A method's `small` preset on the built-in categories, beside PatchGaussian:

    python benchmarks/features.py METHOD [CATEGORY ...] [--seeds 0 1 2] [--size 64]

Each seed draws its own pictures and starts from its own weights; one thread, seconds are of the CPU, for training and for 100 test pictures.
"""
import argparse, time
import torch
from anomaly_nb.baselines import PatchGaussian
from anomaly_nb.builtin import builtin, categories
from anomaly_nb.data import dataloader
from anomaly_nb.methods import METHODS, make
from anomaly_nb.metrics import evaluate

def figures(det, good, test):
    "Image AUROC, AUPRO, seconds of `fit`, seconds of `predict` for 100 pictures"
    t0 = time.process_time()
    det.fit(dataloader(good, getattr(det, 'batch_size', 16), shuffle=True))
    t1 = time.process_time()
    found = evaluate(*det.predict_dl(dataloader(test)))
    return found['image_auroc'], found['aupro'], t1-t0, (time.process_time()-t1)*100/len(test)

def main():
    a = argparse.ArgumentParser()
    a.add_argument('method', choices=METHODS)
    a.add_argument('categories', nargs='*', default=categories())
    a.add_argument('--seeds', nargs='+', type=int, default=[0,1,2])
    a.add_argument('--size', type=int, default=64)
    args = a.parse_args()
    torch.set_num_threads(1)
    print(f"{'category':10}seed  {args.method:>12}   PatchGaussian     fit  100 pictures\n{'':16}AUROC  AUPRO   AUROC  AUPRO")
    rows = []
    for category in args.categories:
        for seed in args.seeds:
            good,test = (builtin(category, size=args.size, split=o, seed=seed) for o in ('train','test'))
            torch.manual_seed(seed)
            det = make(args.method, size=args.size)
            rows.append((*figures(det, good, test), *figures(PatchGaussian(), good, test)))
            auroc,aupro,fit,predict,base_auroc,base_aupro,*_ = rows[-1]
            print(f'{category:10}{seed:4}  {auroc:.3f}  {aupro:.3f}   {base_auroc:.3f}  {base_aupro:.3f} {fit:6.1f} s {predict:7.2f} s', flush=True)
    auroc,aupro,fit,predict,base_auroc,base_aupro,*_ = torch.tensor(rows).mean(0).tolist()
    print(f"{'mean':14}  {auroc:.3f}  {aupro:.3f}   {base_auroc:.3f}  {base_aupro:.3f} {fit:6.1f} s {predict:7.2f} s")

if __name__=='__main__': main()
