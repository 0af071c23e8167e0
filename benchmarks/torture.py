"""What the library does with broken pictures, masks, folders and runs, and when it is killed:

    python benchmarks/torture.py [--seed 0] [--cases 300] [--kills 20] [--only KIND ...]

Each case is made from the seed and goes through loading, `fit --steps 1`, `eval` and `predict` under 3 GiB of memory. It must be answered rightly,
refused in one line that names the file, or answered with a line about what was skipped, whichever its kind says; the table counts what happened
instead (wrong photos, labels and weights count as wrong masks). Then trainings are killed at random moments, half of them by SIGKILL and half by
SIGTERM, and go on with --resume: the weights must be those of a training that nobody disturbed, and no file half written. Exit code 1 if anything was
wrong. `--only kill` runs the second part alone."""
import argparse, contextlib, csv, io, json, os, re, shutil, signal, socket, struct, subprocess, sys, tempfile, threading, time, traceback, zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
import numpy as np
from PIL import Image, features

MEMORY = 3<<30 # bytes a process may ask for
LIMIT = 20 # seconds a command or a call may take before it counts as hanging
FAULTS = dict(traceback='tracebacks', hang='hangs', silent='silent skips', wrong='wrong masks', other='other')
ALL = {'answered','refused','mentioned'}
BETWEEN = '\ue000' # what was printed on stdout, this, what was printed on stderr

# Pictures

def photo(rng, h, w):
    "(h,w,3) uint8 without symmetry: dark, red, green and white corners, and a little noise"
    a,b = np.meshgrid(np.linspace(0, 1, h), np.linspace(0, 1, w), indexing='ij')
    corners = np.array([[10,10,10],[220,30,30],[30,220,30],[240,240,240]])+rng.integers(-9, 10, (4,3))
    x = sum(k[...,None]*c for k,c in zip(((1-a)*(1-b), (1-a)*b, a*(1-b), a*b), corners))
    return (x+rng.integers(-4, 5, x.shape)).clip(0, 255).astype(np.uint8)

def disc(rng, h, w):
    "(h,w) bool: a disc away from the middle, so that no turn maps it to itself"
    i,j = np.indices((h,w))
    r = rng.uniform(.15, .22)
    return np.hypot((i+.5)/h-.3+rng.uniform(-.04, .04), (j+.5)/w-.62+rng.uniform(-.04, .04))<r

def grey(mask, value=255, dtype=np.uint8): return Image.fromarray((mask*value).astype(dtype))

def rgba(colour, alpha): return Image.fromarray(np.dstack([colour]*3+[alpha]).astype(np.uint8))

def chunk(name, data): return struct.pack('>I', len(data))+name+data+struct.pack('>I', zlib.crc32(name+data))

def png_by_hand(path, values, depth, colour, before=b'', after=b''):
    "A PNG as Pillow does not write them: (h,w,...) `values` of `depth` bits in PNG's colour type `colour`"
    h,w = values.shape[:2]
    if depth<8: rows = [np.packbits(np.unpackbits(r.astype(np.uint8)[:,None], axis=1)[:,-depth:]).tobytes() for r in values]
    else: rows = [r.astype(f'>u{depth//8}').tobytes() for r in values]
    head = chunk(b'IHDR', struct.pack('>IIBBBBB', w, h, depth, colour, 0, 0, 0))
    path.write_bytes(b'\x89PNG\r\n\x1a\n'+head+before+chunk(b'IDAT', zlib.compress(b''.join(b'\0'+r for r in rows)))+after+chunk(b'IEND', b''))

def exif(turn):
    e = Image.Exif()
    e[0x112] = turn
    return e.tobytes()

def xmp(turn):
    return f'''<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="{turn}"/></rdf:RDF></x:xmpmeta>'''.encode()

_T = Image.Transpose
UNDO = {1: None, 2: _T.FLIP_LEFT_RIGHT, 3: _T.ROTATE_180, 4: _T.FLIP_TOP_BOTTOM, 5: _T.TRANSPOSE, 6: _T.ROTATE_90, 7: _T.TRANSVERSE, 8: _T.ROTATE_270}

def save_turned(path, upright, turn, how):
    "Write the picture `upright` lying as EXIF's number `turn` says, which is told by `how`"
    img = upright if UNDO[turn] is None else upright.transpose(UNDO[turn])
    if how in ('png','jpg','webp'): return img.save(path, exif=exif(turn), **(dict(lossless=True) if how=='webp' else dict(quality=95) if how=='jpg' else {}))
    if how=='tif': return img.save(path, tiffinfo={274: turn})
    img.save(path, **(dict(quality=95) if how=='jpg-xmp' else {}))
    data = path.read_bytes()
    if how=='png-after': data = data[:-12]+chunk(b'eXIf', exif(turn).removeprefix(b'Exif\0\0'))+data[-12:]
    if how=='png-xmp': data = data[:33]+chunk(b'iTXt', b'XML:com.adobe.xmp\0\0\0\0\0'+xmp(turn))+data[33:]
    if how=='png-xmp-after': data = data[:-12]+chunk(b'iTXt', b'XML:com.adobe.xmp\0\0\0\0\0'+xmp(turn))+data[-12:]
    if how=='jpg-xmp':
        packet = b'http://ns.adobe.com/xap/1.0/\0'+xmp(turn)
        data = data[:2]+b'\xff\xe1'+struct.pack('>H', len(packet)+2)+packet+data[2:]
    path.write_bytes(data)

TURNED = dict(png='png', jpg='jpg', webp='webp', tif='tif') | {'png-after': 'png', 'png-xmp': 'png', 'png-xmp-after': 'png', 'jpg-xmp': 'jpg'} # how -> ending

# What is made for a case, and what is expected of it

class Look(NamedTuple):
    "One file to load: the pixels it must have, or None where it must be refused"
    path:Path
    truth:Any
    mask:bool=True
    lossy:bool=False
    may_refuse:bool=False

class Expect(NamedTuple):
    "What may become of a case"
    outcomes:set # Of opening the data set, `fit` and `eval`: of 'answered', 'refused', 'mentioned'
    named:tuple=() # One of these words must be in the line of an error or a mention
    looks:list=[] # `Look`s
    predict:list=[] # (photos and folders, outcomes)
    masks:bool=False # Is the case about masks? Then an answer that must not be is a wrong mask
    run:Path|None=None # A run to open, in place of a data set
    commands:list=[] # Other commands: (words, outcomes)
    call:Any=None # In place of `open_data`: split -> data set; False: only `fit` must refuse
    raw:tuple=() # Names that must not reach the terminal as they are

class Tree:
    "A small data set in a folder of its own, for a kind to spoil: good photos, and a defect with its mask"
    def __init__(self, folder, seed, number, layout=None, base=None):
        self.folder,self.base,self.rng = folder,base,np.random.default_rng([seed,number])
        self.round,self.word,self.root = number//len(KINDS)+seed, f'q{number}x', folder/'data'
        self.own = bool(self.rng.integers(2)) if layout is None else layout=='own'
        self.good,self.bad,self.masks = (self.root/o for o in (('good','bad','masks') if self.own else ('train/good','test/bad','ground_truth/bad')))
        self.h,self.w = (int(o) for o in self.rng.integers(20, 65, 2))
        self.truth = {} # Photo with a defect -> its mask, None where nobody drew it
        for o in (self.good,self.bad,self.masks): o.mkdir(parents=True)
        for i in range(5): self.save(self.good/f'g{i}.png')
        if not self.own:
            self.test_good = self.root/'test/good'
            self.test_good.mkdir()
            self.save(self.test_good/'g9.png')
        self.defect('d0')

    def pick(self, options):
        "The next of `options`: every round of cases takes another"
        return self.picks(options, 1)[0]
    def picks(self, options, k):
        "The next `k` of `options`"
        return [list(options)[(self.round*k+i)%len(options)] for i in range(k)]
    def photo(self): return photo(self.rng, self.h, self.w)
    def disc(self): return disc(self.rng, self.h, self.w)
    def save(self, path):
        Image.fromarray(self.photo()).save(path)
        return path
    def defect(self, stem, mask=True, ending='.png'):
        "A defect's photo and mask"
        p = self.save(self.bad/f'{stem}{ending}')
        self.truth[p] = self.disc()
        if mask: grey(self.truth[p]).save(self.masks/f'{stem}.png')
        return p
    def somewhere(self, ending):
        "Where a photo could be, as good one or as defect (with its mask)"
        if self.rng.integers(2): return self.good/f'{self.word}{ending}'
        p = self.bad/f'{self.word}{ending}'
        self.truth[p] = self.disc()
        grey(self.truth[p]).save(self.masks/f'{self.word}.png')
        return p
    def mask_of(self, ending, tag=''):
        "A defect's photo without a mask, and where its mask belongs"
        p = self.save(self.bad/f'{self.word}{tag}.png')
        self.truth[p] = self.disc()
        return self.masks/f"{self.word}{tag}{self.rng.choice(['','_mask'])}{ending}", self.truth[p]

    def reads(self, path, truth, lossy=False, may_refuse=False):
        "The mask in `path` is `truth`"
        return Expect({'answered','refused'} if may_refuse else {'answered'}, (self.word,), [Look(path, truth, True, lossy, may_refuse)], [([self.bad],{'answered'})], True)
    def no_mask(self, path):
        "The mask in `path` cannot be used; the photos can"
        return Expect({'refused'}, (self.word,), [Look(path, None)], [([self.bad],{'answered'})], True)
    def shows(self, path, pixels, lossy=False):
        "The photo in `path` has these pixels"
        return Expect({'answered'}, (), [Look(path, pixels, False, lossy)], [([path],{'answered'})])
    def no_photo(self, path, outcomes={'refused'}):
        "The photo in `path` cannot be used"
        return Expect(outcomes, (path.name if outcomes!={'refused'} else self.word,), [Look(path, None, False, may_refuse=outcomes!={'refused'})], [([path],outcomes-{'mentioned'}), ([path.parent],outcomes)])
    def asks(self, *named, outcomes={'refused'}):
        "The folder cannot be understood as it is"
        return Expect(set(outcomes), named or (self.word,), masks='answered' in outcomes)

KINDS = {} # name -> (function of a `Tree`, layout)
def kind(layout=None):
    def add(f):
        KINDS[f.__name__] = f,layout
        return f
    return add

# Masks

@kind()
def mask_numbers(t):
    "0/1, class numbers, grey edges, in every lossless format"
    looks = []
    for tag,how in zip('ab', t.picks(('png 1','png class','bmp 1','tif class','gif 1','webp class','pgm 1','tga class','png edge','jp2 255','pbm 1','tiff 1'), 2)):
        ending,value = how.split()
        path,truth = t.mask_of('.'+ending, tag)
        v = {'class': t.rng.integers(1, 9, truth.shape), 'edge': t.rng.integers(1, 256, truth.shape)}.get(value, int(value) if value.isdecimal() else 0)
        img = Image.fromarray(truth) if ending=='pbm' else grey(truth, v)
        img.save(path, **(dict(lossless=True, exact=True) if ending=='webp' else dict(compression='packbits') if ending=='tiff' else {}))
        looks.append(Look(path, truth))
    return t.reads(path, truth)._replace(looks=looks)

@kind()
def mask_deep(t):
    "16 and 32 bits, low and high values, also three channels, and the 2 bits of small PNGs"
    looks = []
    for tag,how in zip('ab', t.picks(('png 1','tif 1','rgb16 1','png 40000','int32 1','float 1','rgb16 300','grey2 1','big 1','pfm 1'), 2)):
        how,value = how.split()
        path,truth = t.mask_of({'png': '.png', 'rgb16': '.png', 'grey2': '.png', 'pfm': '.pfm'}.get(how, '.tif'), tag)
        v = truth*int(value)
        if how in ('png','tif'): Image.fromarray(v.astype(np.uint16)).save(path)
        elif how=='rgb16': png_by_hand(path, np.repeat(v[...,None], 3, 2), 16, 2)
        elif how=='grey2': png_by_hand(path, v, 2, 0)
        else: Image.fromarray(v.astype(dict(big='>u2', int32=np.int32).get(how, np.float32))).save(path)
        looks.append(Look(path, truth, may_refuse=how=='rgb16'))
    return t.reads(path, truth, may_refuse=any(o.may_refuse for o in looks))._replace(looks=looks)

@kind()
def mask_palette(t):
    "Palettes whose black is not number 0, or which are class numbers in colour"
    path,truth = t.mask_of(t.pick(('.png','.gif','.bmp','.tif')))
    black,other = t.rng.permutation(8)[:2]
    colours = t.rng.integers(60, 256, (8,3))
    colours[black] = 0
    img = Image.fromarray(np.where(truth, other, black).astype(np.uint8))
    img.putpalette(colours.astype(np.uint8).tobytes())
    img.save(path, **(dict(optimize=False) if path.suffix=='.gif' else {}))
    return t.reads(path, truth)

@kind()
def mask_alpha(t):
    "One colour everywhere: the mask is in alpha"
    how = t.pick(('white','black','LA','webp','tif','palette','faint'))
    path,truth = t.mask_of({'webp': '.webp', 'tif': '.tif'}.get(how, '.png'))
    if how=='palette':
        img = grey(truth, 1)
        img.putpalette(b'\xff'*6)
        img.save(path, transparency=b'\0\xff')
        return t.reads(path, truth)
    a = (truth*(120 if how=='faint' else 255)).astype(np.uint8)
    colour = np.full((t.h,t.w,1 if how=='LA' else 3), 0 if how=='black' else 255, np.uint8)
    Image.fromarray(np.concatenate([colour,a[...,None]], 2)).save(path, **(dict(lossless=True, exact=True) if how=='webp' else {}))
    return t.reads(path, truth)

@kind()
def mask_alpha_agrees(t):
    "Colour and alpha say the same, or alpha says nothing"
    path,truth = t.mask_of('.png')
    how = t.pick(('opaque','same','key'))
    if how=='key': grey(truth).save(path, transparency=0)
    else: rgba(truth*255, np.full(truth.shape, 255) if how=='opaque' else truth*255).save(path)
    return t.reads(path, truth)

@kind()
def mask_alpha_disagrees(t):
    "Colour shows one disc, alpha another"
    path,truth = t.mask_of('.png')
    other = truth[::-1,::-1]
    if t.pick((0,1)): Image.fromarray(np.dstack([truth*255, other*255]).astype(np.uint8)).save(path)
    else: rgba(truth*255, other*255).save(path)
    return t.no_mask(path)

LOSSY = {'jpg': ('.jpg', dict(quality=85)), 'webp': ('.webp', dict(quality=90)), 'tif': ('.tif', dict(compression='jpeg', quality=90)),
    'jp2': ('.jp2', dict(irreversible=True, quality_mode='rates', quality_layers=[6])), 'jpeg': ('.jpeg', dict(quality=60)), 'avif': ('.avif', dict(quality=90)), 'hidden': ('.png', dict(format='JPEG', quality=90))}
NEEDS = dict(jp2='jpg_2000', avif='avif', webp='webp', tif='libtiff')

@kind()
def mask_lossy(t):
    "JPEG and its like: cut in the middle of black and white"
    t.h,t.w = (int(o) for o in t.rng.integers(48, 65, 2))
    how = t.pick([o for o in LOSSY if o not in NEEDS or features.check(NEEDS[o])])
    ending,kw = LOSSY[how]
    path,truth = t.mask_of(ending)
    img = grey(truth)
    (img if t.rng.integers(2) or how=='jp2' else img.convert('RGB')).save(path, **kw)
    return t.reads(path, truth, lossy=True)

@kind()
def mask_not_a_number(t):
    path,truth = t.mask_of(t.pick(('.tif','.pfm')))
    v = truth.astype(np.float32)
    v[t.rng.integers(t.h),t.rng.integers(t.w)] = t.rng.choice([np.nan,np.inf,-np.inf])
    Image.fromarray(v).save(path)
    return t.no_mask(path)

@kind()
def mask_pages(t):
    "Several pages or frames"
    path,truth = t.mask_of(t.pick(('.tif','.gif','.png','.webp')))
    grey(truth).convert('RGB').save(path, save_all=True, append_images=[grey(t.disc()[:,::-1]).convert('RGB')], **(dict(lossless=True) if path.suffix=='.webp' else {}))
    return t.no_mask(path)

@kind()
def mask_huge(t):
    "More pixels than Pillow's limit"
    path,_ = t.mask_of('.png')
    Image.new('1', t.pick(((9600,9600),(90000,1000),(1000,90001),(14000,14000)))).save(path)
    return t.no_mask(path)

@kind()
def mask_turned(t):
    "EXIF turns the mask alone, or photo and mask alike"
    how = t.pick(TURNED)
    path,truth = t.mask_of('.'+TURNED[how])
    turn = int(t.rng.integers(2, 9))
    save_turned(path, grey(truth), turn, how)
    e = t.reads(path, truth, lossy='jpg' in how)
    if t.rng.integers(2): return e
    p = t.bad/f'{t.word}.png'
    x = t.photo()
    save_turned(p, Image.fromarray(x), int(t.rng.integers(2, 9)), 'png')
    return e._replace(looks=[*e.looks, Look(p, x, False)])

@kind()
def mask_size(t):
    "Not as large as its photo, or lying while the photo stands"
    path,truth = t.mask_of('.png')
    if t.w==t.h or t.pick((0,1)): truth = truth[1:]
    else: truth = truth.T
    grey(truth).save(path)
    return Expect({'refused'}, (t.word,), [], [([t.bad],{'answered'})], True)

@kind()
def mask_lost(t):
    "No mask, a dead link, a looping link, a folder, a FIFO in its place"
    path,_ = t.mask_of('.png')
    how = t.pick(('none','dead','loop','folder','fifo','zero'))
    if how=='dead': path.symlink_to('nowhere.png')
    elif how=='loop': path.symlink_to(path.name)
    elif how=='folder': path.mkdir()
    elif how=='fifo': os.mkfifo(path)
    elif how=='zero': path.symlink_to('/dev/zero')
    return t.no_mask(path)

@kind()
def mask_broken(t):
    "Cut, empty, or no picture"
    path,truth = t.mask_of('.png')
    grey(t.rng.integers(1, 256, truth.shape)*truth).save(path)
    data = path.read_bytes()
    path.write_bytes(t.pick((data[:len(data)*2//3], b'', b'a mask', data[:30], data[:-60])))
    return t.no_mask(path)

# Photos

def hand_made(t, path, x, how):
    "Write photo `x` as mode `how`; its (h,w,3) float pixels"
    g = x[...,0]
    if how=='rgba':
        a = t.rng.integers(0, 2, g.shape).astype(np.uint8)
        Image.fromarray(np.dstack([x,a*255])).save(path)
        return x*a[...,None]/255
    if how=='grey16': Image.fromarray(g.astype(np.uint16)*257).save(path)
    elif how=='float': Image.fromarray(g.astype(np.float32)/255).save(path)
    elif how=='bits':
        g = (g>127)*255
        Image.fromarray(g>127).save(path)
    elif how=='palette':
        img = Image.fromarray(x).quantize(16)
        img.save(path)
        return np.asarray(img.convert('RGB'))/255
    elif how=='grey': Image.fromarray(g).save(path)
    else:
        Image.fromarray(x).save(path, **(dict(lossless=True) if how=='webp' else {}))
        return x/255
    return np.repeat(g[...,None], 3, 2)/255

@kind()
def photo_modes(t):
    "Every mode and lossless format that is understood"
    looks = []
    for how in t.picks(('rgba .png','grey16 .png','float .tif','bits .png','palette .gif','grey .pgm','plain .tga','webp .webp','palette .png','float .pfm','plain .bmp','plain .jp2','plain .ppm'), 2):
        how,ending = how.split()
        path = t.good/f'{t.word}{how}{ending}'
        looks.append(Look(path, hand_made(t, path, t.photo(), how), False))
    return Expect({'answered'}, (), looks, [([o.path],{'answered'}) for o in looks])

@kind()
def photo_lossy(t):
    "JPEG in colour, grey and CMYK, and under another's name"
    path,x = t.somewhere(t.pick(('.jpg','.png','.tif','.webp','.JPG'))), t.photo()
    mode = 'CMYK' if path.suffix=='.jpg' and t.rng.integers(2) else 'RGB'
    Image.fromarray(x).convert(mode).save(path, format='WEBP' if path.suffix=='.webp' else 'JPEG', quality=95)
    return t.shows(path, x/255, lossy=True)

@kind()
def photo_turned(t):
    "EXIF before or after the pixels, or in XMP alone"
    how = t.pick(TURNED)
    path,x = t.somewhere('.'+TURNED[how]), t.photo()
    save_turned(path, Image.fromarray(x), int(t.rng.integers(2, 9)), how)
    return t.shows(path, x/255, lossy='jpg' in how)

@kind()
def photo_exif_broken(t):
    "EXIF that says nothing, or is no EXIF"
    path,x = t.somewhere('.png'), t.photo()
    Image.fromarray(x).save(path, exif=t.pick((exif(0), exif(99), b'Exif\0\0'+t.rng.bytes(60), b'Exif\0\0MM\0*\0\0\0\x08\xff\xff')))
    return Expect({'answered','refused'}, (t.word,), [Look(path, x/255, False, may_refuse=True)], [([path],{'answered','refused'})])

@kind()
def photo_cut(t):
    "The file ends too early"
    path = t.somewhere(t.pick(('.png','.jpg','.webp','.bmp','.tif')))
    Image.fromarray(t.rng.integers(0, 256, (t.h,t.w,3), dtype=np.uint8)).save(path)
    data = path.read_bytes()
    path.write_bytes(data[:int(len(data)*t.rng.uniform(.05, .8))])
    return t.no_photo(path)

@kind()
def photo_flipped(t):
    "Bytes changed at random: whatever it is, it is said in one line"
    path = t.somewhere(t.pick(('.png','.jpg','.tif','.gif','.webp','.jp2','.bmp')))
    t.save(path)
    data = bytearray(path.read_bytes())
    for i in t.rng.integers(0, len(data), t.rng.integers(1, 40)): data[i] = t.rng.integers(256)
    path.write_bytes(data)
    return t.no_photo(path, {'answered','refused'})

@kind()
def photo_no_picture(t):
    "Empty files, texts, noise and headers under a picture's name"
    path = t.somewhere(t.pick(('.png','.jpg','.tif')))
    path.write_bytes(t.pick((b'', b'<html>404</html>', t.rng.bytes(500), b'\x89PNG\r\n\x1a\n', b'\xff\xd8\xff', b'II*\0\x08\0\0\0\xff\xff', b'version https://git-lfs.github.com/spec/v1\n')))
    return t.no_photo(path)

@kind()
def photo_other_format(t):
    "What Pillow could read but nobody meant, under .png"
    form = t.pick(('EPS','PCX','ICO','SGI','DDS','IM','SPIDER','XBM','PDF'))
    path = t.somewhere('.png')
    img = Image.fromarray(t.photo())
    file = io.BytesIO() # with a path, Pillow would take .png for SPIDER's ending from then on
    (img.convert({'SPIDER': 'F', 'XBM': '1'}[form]) if form in ('SPIDER','XBM') else img).save(file, format=form)
    path.write_bytes(file.getvalue())
    return t.no_photo(path)

@kind()
def photo_pages(t):
    "Animations and several pages"
    path = t.somewhere(t.pick(('.gif','.png','.webp','.tif')))
    Image.fromarray(t.photo()).save(path, save_all=True, append_images=[Image.fromarray(255-t.photo())])
    return t.no_photo(path)

@kind()
def photo_not_a_number(t):
    "NaN, infinity, and values beyond [0,1]"
    path = t.somewhere(t.pick(('.tif','.pfm')))
    v = t.photo()[...,0].astype(np.float32)/255
    v[t.rng.integers(t.h),t.rng.integers(t.w)] = t.pick((np.nan,np.inf,-np.inf,1e20))
    Image.fromarray(v).save(path)
    return t.no_photo(path)

@kind()
def photo_huge(t):
    "More pixels than the limit: all there, or promised by the header"
    path,size = t.somewhere('.png'), t.pick(((9600,9600),(60000,60000),(90000,1000),(2**31-1,1),(14000,14000)))
    if size[0]*size[1]<2e8: Image.new('1', size).save(path)
    else: path.write_bytes(b'\x89PNG\r\n\x1a\n'+chunk(b'IHDR', struct.pack('>IIBBBBB', *size, 8, 2, 0, 0, 0))+chunk(b'IDAT', zlib.compress(b'\0'*99))+chunk(b'IEND', b''))
    return t.no_photo(path)

@kind()
def photo_small(t):
    "One pixel, one line"
    t.h,t.w = t.pick(((1,1),(1,40),(300,1),(2,2)))
    path = t.somewhere('.png')
    x = t.rng.integers(0, 256, (t.h,t.w,3), dtype=np.uint8)
    Image.fromarray(x).save(path)
    return t.shows(path, x/255)

@kind()
def photo_flat(t):
    "Photos of one colour: no number may become NaN"
    colour = t.pick((0,255,128))
    for p in ([*t.good.iterdir()] if t.rng.integers(2) else [*t.good.iterdir(), *t.bad.iterdir()]): Image.new('RGB', (t.w,t.h), (colour,)*3).save(p)
    return Expect({'answered','refused'}, ('threshold','score','data'), [], [([t.bad,t.good],{'answered','refused'})])

@kind()
def photo_bomb(t):
    "Little data that unpacks to much: texts and colour profiles in a PNG"
    path = t.somewhere('.png')
    big = zlib.compress(b'\0'*(200<<20 if t.pick((0,1)) else 2<<20), 9)
    png_by_hand(path, t.photo(), 8, 2, before=chunk(b'iCCP', b'p\0\0'+big) if t.rng.integers(2) else b'', after=chunk(b'zTXt', b'c\0\0'+big))
    return t.no_photo(path, {'answered','refused'})

# Files that are none

def special(path, how):
    "No regular file in `path`"
    if how=='fifo': os.mkfifo(path)
    elif how=='socket':
        here = os.getcwd()
        os.chdir(path.parent)
        with socket.socket(socket.AF_UNIX) as s: s.bind(path.name)
        os.chdir(here)
    elif how=='folder': path.mkdir()
    else: path.symlink_to(dict(device='/dev/zero', full='/dev/full', dead='nowhere.png', loop=path.name)[how])

@kind()
def special_good(t):
    "FIFO, socket, device, link to nowhere or to itself among the good photos"
    path,how = t.good/f'{t.word}.png', t.pick(('fifo','dead','device','loop','socket','folder','full'))
    special(path, how)
    outcomes = {'refused'} if how in ('dead','loop') else {'refused','mentioned'}
    return Expect(outcomes, (t.word,), [Look(path, None, False)], [([path],{'refused'} if how!='folder' else ALL), ([t.good],{'refused','mentioned'})])

@kind()
def special_bad(t):
    "The same among the defects, whose mask is there"
    path,how = t.bad/f'{t.word}.png', t.pick(('dead','fifo','loop','device','socket'))
    special(path, how)
    grey(t.disc()).save(t.masks/path.name)
    return Expect({'refused'} if how in ('dead','loop') else {'refused','mentioned'}, (t.word,), [Look(path, None, False)], [([path],{'refused'}), ([t.bad],{'refused','mentioned'})])

@kind()
def linked(t):
    "Links to photos are photos"
    path,x = t.somewhere('.png'), t.photo()
    Image.fromarray(x).save(t.folder/'elsewhere.png')
    path.symlink_to(t.folder/'elsewhere.png')
    return t.shows(path, x/255)

@kind()
def unknown_ending(t):
    "Files that are no pictures for us are mentioned"
    ending = t.pick(('.heic','.xyz','.png.part','.raw','','.txt','.pcx','.svg','.eps'))
    where = t.good if t.rng.integers(2) else t.bad
    for o in range(t.rng.integers(1, 4)): (where/f'{t.word}{o}{ending}').write_bytes(t.rng.bytes(50))
    return Expect({'mentioned','refused'}, (t.word,), [], [([where],{'mentioned','refused'}), ([where/f'{t.word}0{ending}'],{'refused'})])

# Names

NAMES = ('{} a\nb', '{}\x1b[31mred', '=1+1|{}', '{}\udcff\udcfe', '{:n<248}', '@SUM({})', '-{}', '+{}', '{}\r\x07', '{},"quoted"', '<img src={} onerror=alert(1)>', '{}%s{{}}', '{} \u202egnp', '{}\u00e9e\u0301', '\t{}', '{}\x85\x9b31m')

def odd_name(t): return t.pick(NAMES).format(t.word)

@kind()
def names(t):
    "A photo with a strange name, and its mask of the same name"
    looks,odd = [], [o.format(t.word) for o in t.picks(NAMES, 3)]
    for name in odd:
        path,x = t.bad/f'{name}.png', t.photo()
        with open(path, 'wb') as f: Image.fromarray(x).save(f, 'PNG')
        t.truth[path] = t.disc()
        with open(t.masks/path.name, 'wb') as f: grey(t.truth[path]).save(f, 'PNG')
        looks += [Look(path, x/255, False), Look(t.masks/path.name, t.truth[path])]
    os.chdir(t.bad) # so that predict can be given the names alone
    alone = [Path(f'{o}.png') for o in odd if o[0]!='-']
    return Expect({'answered'}, (), looks, [([t.bad],{'answered'}), (alone,{'answered'})], raw=tuple(odd))

@kind()
def names_refused(t):
    "A strange name in an error: one line without control characters"
    path = t.good/(odd_name(t)+'.png')
    path.write_bytes(b'nothing')
    return t.no_photo(path)._replace(raw=(path.name,))

@kind()
def names_of_folders(t):
    "The data set, or a defect type, has a strange name"
    name = odd_name(t)
    if t.pick((0,1)):
        to = t.root.with_name(name)
        t.truth = {to/p.relative_to(t.root): m for p,m in t.truth.items()}
        t.good,t.bad,t.masks = (to/o.relative_to(t.root) for o in (t.good,t.bad,t.masks))
        t.root = t.root.rename(to)
    else:
        (bad,masks) = (t.bad,t.masks) if t.own else (t.bad.parent,t.masks.parent)
        for o in (bad,masks): (o/name).mkdir()
        p = t.save(bad/name/'d7.png')
        t.truth[p] = t.disc()
        grey(t.truth[p]).save(masks/name/'d7.png')
    return Expect({'answered'}, (), [], [([t.bad],{'answered'})], raw=(name,))

# Ambiguities

@kind()
def two_photos_one_mask(t):
    p = t.defect(t.word)
    t.save(p.with_suffix(t.pick(('.jpg','.bmp','.PNG'))))
    return t.asks()._replace(masks=True)

@kind()
def two_masks(t):
    t.defect(t.word)
    grey(t.disc()).save(t.masks/t.pick((f'{t.word}_mask.png',f'{t.word}.bmp',f'{t.word}_mask.tif')))
    return t.asks()._replace(masks=True)

@kind('own')
def masks_are_photos(t):
    "Photo and mask folder are the same"
    from anomaly_nb.data import folder
    shutil.rmtree(t.masks)
    t.masks.symlink_to(t.pick((t.bad, Path('bad'))))
    return Expect({'refused'}, ('masks','bad'), masks=True, call=lambda split: folder(t.good, t.bad, t.bad, split=split, size=None))

@kind()
def mask_beside_photo(t):
    t.defect(t.word, mask=t.pick((True,False)))
    grey(t.disc()).save(t.bad/f'{t.word}_mask.png')
    return t.asks()._replace(masks=True)

@kind()
def near_folders(t):
    "Almost the names that are known: understood or asked about"
    was,to = t.pick((('masks','mask'),('masks','groundtruth'),('masks','Ground_Truth'),('bad','defects'),('masks','ground_truth'),('bad','defect'),('masks','Mask'))) if t.own else ('ground_truth',t.pick(('groundtruth','Ground_Truth','mask','masks','ground-truth','GroundTruth')))
    (t.root/was).rename(t.root/to)
    if was=='bad':
        t.truth = {t.root/to/p.name: m for p,m in t.truth.items()}
        t.bad = t.root/to
    return Expect({'answered','refused'}, (to,), [], [([t.bad],{'answered'})], was!='bad')

@kind('mvtec')
def test_good_spelled(t):
    "`test/Good` is good, `test/ok` is asked about"
    name = t.pick(('Good','ok','GOOD','OK'))
    t.test_good.rename(t.root/'test'/name)
    if name.lower()=='good': return Expect({'answered'}, ())
    return t.asks(name)

@kind('mvtec')
def loose_test(t):
    "A picture right in test/"
    t.save(t.root/f'test/{t.word}.png')
    return t.asks(outcomes={'refused','mentioned'})

@kind()
def folder_wrong(t):
    "Empty folders, files for folders, nothing at all"
    how = t.pick(('no good','no bad','file','nothing','no masks','one good','good is a file'))
    if how in ('no good','no bad'):
        where = t.good if how=='no good' else t.bad
        for p in where.iterdir(): p.unlink()
        return t.asks(where.name)
    if how=='file':
        shutil.rmtree(t.root)
        t.root.write_bytes(b'data')
        return t.asks('data')
    if how=='no masks':
        for p in t.masks.iterdir(): p.unlink()
        return t.asks('d0')
    if how=='one good':
        for p in sorted(t.good.iterdir())[1:]: p.unlink()
        return Expect({'refused'}, ('good','hold out'), call=False)
    shutil.rmtree(t.good if how=='good is a file' else t.root)
    if how=='good is a file': t.good.write_bytes(b'')
    return t.asks('good','data')

@kind('own')
def visa_table(t):
    "VisA's table: a lost file, a lost column, a cut line, another encoding"
    shutil.rmtree(t.root)
    (t.root/'split_csv').mkdir(parents=True)
    rows = [['object','split','label','image','mask']]
    for i in range(6): rows.append(['cap', 'train' if i<4 else 'test', 'normal' if i<5 else 'anomaly', f'{t.word}{i}.png', '' if i<5 else f'{t.word}m.png'])
    for r in rows[1:]: t.save(t.root/r[3])
    t.truth = {t.root/rows[-1][3]: t.disc()}
    grey(t.truth[t.root/rows[-1][3]]).save(t.root/rows[-1][4])
    how = t.pick(('right','lost','column','short','encoding','nul','no mask','empty'))
    if how=='lost': (t.root/rows[2][3]).unlink()
    if how=='column': rows[0][3] = 'picture'
    if how=='short': rows[-1] = rows[-1][:3]
    if how=='no mask': rows[-1][4] = ''
    text = '\n'.join(','.join(r) for r in rows) if how!='empty' else ''
    data = text.encode('utf-16' if how=='encoding' else 'utf-8')
    (t.root/'split_csv/1cls.csv').write_bytes(data if how!='nul' else data.replace(b'cap', b'c\0p', 1))
    if how=='right': return Expect({'answered'}, ())
    return Expect({'answered','refused'} if how=='nul' else {'refused'}, ('1cls.csv',t.word,*(('data',) if how=='nul' else ())), masks=how=='no mask')

# Runs and answers

def copied(t):
    run = t.folder/f'run-{t.word}'
    shutil.copytree(t.base, run)
    return run

@kind()
def run_not_a_number(t):
    "A threshold or weights that are NaN or infinite"
    from safetensors.torch import load_file, save_file
    run,value = copied(t), t.pick((float('nan'),float('inf'),-float('inf')))
    w = load_file(run/'model.safetensors')
    which = 'threshold' if t.rng.integers(2) else max(w, key=lambda k: w[k].numel())
    w[which] = w[which]*0+value
    save_file(w, run/'model.safetensors')
    bad = {'refused'}
    return Expect(bad, (t.word,'threshold','score','nan','inf','finite'), run=run, commands=[(['eval',run,'--out',t.folder/'e1'],bad), (['eval',run,'--data',t.root,'--out',t.folder/'e2'],bad)], predict=[([t.bad],bad)])

@kind()
def run_broken(t):
    "Files of a run cut, emptied, lost or of another kind"
    run = copied(t)
    file,how = run/t.pick(('manifest.json','model.safetensors','config.json')), t.pick(('cut','gone','empty','list','noise'))
    data = file.read_bytes()
    if how=='gone': file.unlink()
    else: file.write_bytes(dict(cut=data[:len(data)//2], empty=b'', list=b'[1,2]', noise=t.rng.bytes(99))[how])
    bad = {'refused'}
    return Expect(bad, (t.word,), run=run, commands=[(['eval',run,'--out',t.folder/'e1'],bad)], predict=[([t.bad],bad)])

@kind()
def run_resume_broken(t):
    "A checkpoint that is none"
    run = copied(t)
    (run/'model.safetensors').unlink()
    data = (run/'checkpoint.pt').read_bytes()
    (run/'checkpoint.pt').write_bytes(t.pick((data[:len(data)//2], b'', b'noise', data[:-9])))
    return Expect({'refused'}, (t.word,), run=run, commands=[(['fit','ae-l2','--out',run,'--resume'],{'refused'})])

@kind()
def same_names(t):
    "Photos of one name in several folders, and one photo twice: an answer for each"
    t.save(t.good/'d0.png')
    return Expect({'answered'}, (), [], [([t.good,t.bad],{'answered'}), ([t.bad/'d0.png']*2,{'answered'})])

# Running a case

class Hang(BaseException): "Raised by the alarm"

def alarm(signum, frame): raise Hang

class Ran(NamedTuple):
    "What became of a call"
    outcome:str # 'answered', 'refused', 'hang' or 'traceback'
    said:str # Everything that was printed, or the error
    value:Any=None # What it returned

def timed(call):
    "`call`, no longer than `LIMIT` seconds"
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try: return Ran('answered', '', call())
    except Hang: return Ran('hang', f'still running after {LIMIT} s')
    except (ValueError,OSError) as e: return Ran('refused', str(e))
    except BaseException as e: return Ran('traceback', ''.join(traceback.format_exception_only(e)).strip()+' at '+' < '.join(f'{Path(o.filename).name}:{o.lineno}' for o in reversed(traceback.extract_tb(e.__traceback__)[-3:])))
    finally: signal.setitimer(signal.ITIMER_REAL, 0)

def command(words):
    "Run the command line in this process; its streams are as strict as those of a terminal"
    from anomaly_nb.cli import main
    out,err = (io.TextIOWrapper(io.BytesIO(), encoding='utf-8', errors=o, write_through=True) for o in ('strict','backslashreplace'))
    def call():
        try: return main([str(o) for o in words])
        except ValueError as e: raise RuntimeError(f'escaped from main: {e!r}') from e
        except OSError as e: raise RuntimeError(f'escaped from main: {e!r}') from e
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err): r = timed(call)
    said = [o.buffer.getvalue().decode('utf-8', 'replace') for o in (out,err)]
    if r.outcome!='answered': return r._replace(said=r.said+' | '+said[1][-200:])
    return Ran('answered' if r.value==0 else 'refused', BETWEEN.join(said), r.value)

def flat(text, n=230):
    "`text` as one printable line"
    text = ''.join(o if o.isprintable() else ascii(o)[1:-1] for o in text)
    return text if len(text)<=n else f'{text[:n*2//3]} ... {text[-n//3:]}'

def spoken(ran):
    "Lines of stderr without progress bars; (lines, those that are errors)"
    lines = [o for o in re.split(r'[\r\n]', ran.said.partition(BETWEEN)[2]) if o.strip() and not re.match(r'\s*\d+%\|', o)]
    return lines, [o for o in lines if o.startswith('anomaly-nb: ')]

def judge(e, what, ran, outcomes, mask=None):
    "(column, what was wrong) of a call that may have `outcomes`"
    if ran.outcome in ('hang','traceback'): return [(ran.outcome, f'{what}: {flat(ran.said)}')]
    if ran.outcome=='answered':
        if 'answered' in outcomes or 'mentioned' in outcomes and e.named and any(o in ran.said for o in e.named): return []
        return [('wrong' if (e.masks if mask is None else mask) else 'silent', f"{what}: answered without a word about {' or '.join(map(flat, e.named))}")]
    said = ran.said.partition(BETWEEN)[2] or ran.said
    if 'refused' not in outcomes: return [('other', f'{what}: refused what it can use: {flat(said.strip())}')]
    if e.named and not any(o in said for o in e.named): return [('other', f'{what}: the error names nothing: {flat(said.strip())}')]
    return []

def judge_command(e, what, ran, outcomes):
    "As `judge`; and errors are one line, exit codes as they should be, and nothing on the terminal controls it"
    faults = judge(e, what, ran, outcomes)
    if ran.outcome in ('hang','traceback'): return faults
    lines,errors = spoken(ran)
    if 'Traceback' in ran.said: faults.append(('traceback', f'{what}: {flat(ran.said[-300:])}'))
    if ran.outcome=='refused' and len(errors)!=1: faults.append(('other', f"{what}: {len(errors)} lines of error: {flat(' / '.join(lines))}"))
    if ran.outcome=='refused' and lines and lines[-1]!=(errors or [''])[-1]: faults.append(('other', f"{what}: more than one line: {flat(' / '.join(lines))}"))
    if ran.outcome=='refused' and ran.value!=2 and e.run is None and 'refused' in outcomes: faults.append(('other', f"{what}: exit code {ran.value}, expected 2: {flat(' / '.join(errors))}"))
    raw = set(re.findall(r'[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]', ran.said))
    printed = [o for o in e.raw if re.search(r'[\x00-\x1f\x7f-\x9f]', o) and o in ran.said]
    if printed: faults.append(('other', f'{what}: a name is printed as it is, {ascii(printed[0])[:60]}'))
    elif raw: faults.append(('other', f"{what}: raw {', '.join(map(ascii, sorted(raw)))} on the terminal"))
    return faults

def strict(name): raise ValueError(f'{name} in JSON')

def unsound(folder, left=True):
    "What is half written in `folder`; also files left over, if asked for"
    from safetensors.numpy import load_file
    found = []
    for p in sorted(folder.rglob('*')) if folder.is_dir() else ():
        try:
            if p.suffix=='.json': json.loads(p.read_text(encoding='utf-8'), parse_constant=strict)
            elif p.suffix=='.safetensors': load_file(p)
            elif p.suffix=='.csv': list(csv.reader(p.read_text(encoding='utf-8').splitlines()))
            elif p.suffix=='.html' and not p.read_bytes().rstrip().endswith(b'>'): raise ValueError('cut')
            elif left and p.suffix=='.tmp': raise ValueError('left over')
        except Exception as e: found.append(f'{p.relative_to(folder.parent)}: {flat(str(e), 90)}')
    return found

def judge_answers(out, n, what):
    "Is the folder that predict wrote whole?"
    try:
        with open(out/'scores.csv', newline='', encoding='utf-8') as f: rows = list(csv.reader(f))
        maps,overlays = (len(list((out/o).iterdir())) for o in ('maps','overlays'))
        if not n==len(rows)-1==maps==overlays or {len(r) for r in rows}!={4}: return [('other', f'{what}: {n} photos, {len(rows)-1} rows, {maps} maps, {overlays} overlays')]
        cells = [r[0] for r in rows if r[0][:1] in ('=','+','-','@') or re.search(r'[\x00-\x1f\x7f-\x9f]', r[0])]
        bad = [r for r in rows[1:] if not np.isfinite([float(o) for o in r[1:3]]).all()]
        return [('other', f'{what}: scores.csv has the cell {ascii(o)[:80]}') for o in cells]+[('silent', f'{what}: scores.csv says {r}') for r in bad]
    except Exception as e: return [('other', f'{what}: {type(e).__name__}: {flat(str(e))}')]

def same(x, look):
    "How `x` differs from what `look` expects; '' where it does not"
    t = look.truth
    if not look.mask and t.dtype==np.uint8: t = t/255
    if x.shape!=t.shape: return f'shape {x.shape}, expected {t.shape}'
    if not look.mask: return '' if (d := abs(x-t).mean() if look.lossy else abs(x-t).max())<(.06 if look.lossy else .01) else f'differs by {d:.3f}'
    pad = np.pad(t, 1, 'edge')
    edge = sum(pad[1+i:pad.shape[0]-1+i,1+j:pad.shape[1]-1+j]!=t for i,j in ((0,1),(1,0),(0,-1),(-1,0)))>0
    off = x!=t
    fine = not (off&~edge).any() and off.sum()<=.03*edge.sum() if look.lossy else not off.any()
    return '' if fine else f'{off.sum()} of {off.size} pixels wrong, {x.sum()} marked, expected {t.sum()}'

def loaded(e, look):
    "Faults of loading one file"
    from anomaly_nb.data import load_image, load_mask
    what = f"{'load_mask' if look.mask else 'load_image'}({ascii(look.path.name)[:60]})"
    ran = timed(lambda: (load_mask if look.mask else load_image)(look.path))
    wanted = {'refused'} if look.truth is None and not look.may_refuse else {'answered','refused'} if look.may_refuse else {'answered'}
    faults = judge(e, what, ran, wanted, look.mask)
    if ran.outcome!='answered' or look.truth is None or faults: return faults
    x = ran.value.numpy() if look.mask else ran.value.permute(1, 2, 0).numpy()
    return [('wrong', f'{what}: {o}') for o in [same(x, look)] if o]

def opened(t, e):
    "Faults of opening the data set"
    from anomaly_nb.data import check, open_data
    make = e.call or (lambda split: open_data(t.root, size=None, split=split))
    ran = timed(lambda: [check(make(o)) for o in ('train','test')])
    faults = judge(e, 'open_data', ran, e.outcomes|({'answered'} if 'mentioned' in e.outcomes or e.call is False else set()))
    if ran.outcome!='answered' or 'answered' not in e.outcomes: return faults
    test = ran.value[1]
    have = {p: test[i] for i,p in enumerate(test.paths)}
    lossy = any(o.lossy for o in e.looks)
    for p,truth in t.truth.items():
        if str(p) not in have: faults.append(('silent', f'open_data: {ascii(p.name)} is not among the test pictures'))
        elif have[str(p)].mask is None: faults.append(('silent', f'open_data: the mask of {ascii(p.name)} is left out'))
        elif o := same(have[str(p)].mask.numpy(), Look(p, truth, True, lossy)): faults.append(('wrong', f'open_data: mask of {ascii(p.name)}: {o}'))
    return faults+[('wrong', f'open_data: {ascii(Path(p).name)} is labelled {bool(b.label)}') for p,b in have.items() if bool(b.label)!=any(str(o)==p for o in t.truth)]

def commands(t, e):
    "The commands of a case: (name, words, outcomes)"
    run = e.run or t.base
    yield from ((' '.join(ascii(str(o))[1:-1] for o in w[:2]), w, o) for w,o in e.commands)
    if e.run is None:
        yield 'fit', ['fit','ae-l2','--data',t.root,'--size','16','--steps','1','--set','batch_size=4','--out',t.folder/'fit'], e.outcomes
        yield 'eval', ['eval',t.base,'--data',t.root,'--out',t.folder/'eval'], e.outcomes if e.call is not False else ALL
    for i,(photos,outcomes) in enumerate(e.predict): yield f"predict {ascii(' '.join(str(o.name) for o in photos))[:60]}", ['predict',run,*photos,'--out',t.folder/f'predict{i}'], outcomes

def pictures(photos): return sum(sum(o.is_file() for o in p.iterdir()) if p.is_dir() else 1 for p in photos)

def run_case(seed, number, folder, base):
    "What became of a case: its kind, its outcome and its faults"
    name = list(KINDS)[number%len(KINDS)]
    make,layout = KINDS[name]
    folder.mkdir()
    os.chdir(folder)
    t = Tree(folder, seed, number, layout, base)
    e,outcome,faults = make(t), None, []
    for o in e.looks: faults += loaded(e, o)
    if e.run is None: faults += opened(t, e)
    for what,words,outcomes in commands(t, e):
        ran = command(words)
        faults += judge_command(e, what, ran, outcomes)
        out = Path(words[words.index('--out')+1])
        if words[0]=='predict' and ran.outcome=='answered' and outcomes=={'answered'}: faults += judge_answers(out, pictures(words[2:-2]), what)
        if words[0]!='eval' and ran.outcome!='answered' and out!=e.run and out.exists(): faults.append(('other', f'{what}: failed, but {out.name}/ is there'))
        if ran.outcome=='answered' and 'answered' in outcomes: faults += [('other', f'{what}: {o}') for o in unsound(out)]
        report = out/'report.html'
        if report.is_file() and b'<img src=q' in report.read_bytes(): faults.append(('other', f'{what}: report.html holds a file name as HTML'))
        mentioned = ran.outcome=='answered' and e.named and 'mentioned' in outcomes and any(o in ran.said for o in e.named)
        if outcome is None: outcome = 'mentioned' if mentioned else ran.outcome
    return dict(number=number, kind=name, outcome=outcome, faults=faults)

# Workers: many cases in one process, since importing torch takes seconds

def limit():
    "Set the limit on memory for this process and those it starts"
    try:
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY,MEMORY))
    except (ImportError,OSError,ValueError) as e: print(f'no limit on memory here: {e}', file=sys.stderr)

def work(seed, numbers, scratch):
    "Run cases, one line of JSON before and after each"
    signal.signal(signal.SIGALRM, alarm)
    import torch
    torch.set_num_threads(1)
    base = scratch/'base'
    t = Tree(scratch/'clean', seed, 10**6, 'own')
    ran = command(['fit','ae-l2','--data',t.root,'--size','16','--steps','1','--set','batch_size=4','--out',base])
    if ran.outcome!='answered': sys.exit(f'the run that all cases use did not train: {ran.said}')
    for n in numbers:
        print(json.dumps(dict(begin=n)), flush=True)
        folder = scratch/f'case{n}'
        try: found = run_case(seed, n, folder, base)
        except Exception: found = dict(number=n, kind=list(KINDS)[n%len(KINDS)], outcome=None, faults=[('other', f'torture.py itself: {flat(traceback.format_exc()[-400:])}')])
        os.chdir(scratch)
        shutil.rmtree(folder)
        print(json.dumps(found), flush=True)

def environment(): return {**os.environ, 'OMP_NUM_THREADS': '1', 'CUDA_VISIBLE_DEVICES': '', 'PYTHONWARNINGS': 'default', 'MPLBACKEND': 'agg'}

def watched(seed, numbers, scratch):
    "Results of the cases `numbers`: a worker that dies or hangs is a fault of its case, and another goes on"
    results,left,k = [], list(numbers), 0
    while left:
        k += 1
        mine = scratch/f'{numbers[0]}-{k}'
        mine.mkdir()
        p = subprocess.Popen([sys.executable, __file__, '--work', str(mine), '--seed', str(seed), '--numbers', *map(str, left)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
        tail,now = [],None
        reader = threading.Thread(target=lambda: tail.extend(p.stderr.readlines()), daemon=True)
        reader.start()
        while True:
            timer = threading.Timer(12*LIMIT, p.kill)
            timer.start()
            line = p.stdout.readline()
            timer.cancel()
            if not line: break
            o = json.loads(line)
            if 'begin' in o: now = o['begin']
            else:
                results.append(o)
                left.remove(o['number'])
                now = None
        p.wait()
        reader.join()
        if not left: break
        if now is None: raise SystemExit(f"a worker stopped with code {p.returncode} outside a case: {''.join(tail)[-500:]}")
        column = 'hang' if p.returncode==-signal.SIGKILL else 'traceback'
        results.append(dict(number=now, kind=list(KINDS)[now%len(KINDS)], outcome=None, faults=[(column, f"the process died with code {p.returncode}: {flat(''.join(tail)[-200:])}")]))
        left.remove(now)
    return results

# Kills

RUNS = dict(transfusion=['--steps','150','--set','widths=(8,16)','attention_levels=(1,)','groups=4','time_dim=16','batch_size=4','num_inference_steps=2'], **{'ae-l2': ['--steps','220','--set','batch_size=4']})

def training(method, data, out, *more):
    "A training as a process of its own"
    words = ['fit', method, '--out', out, *(more or ['--data', data, '--size', '16', *RUNS[method]])]
    return subprocess.Popen([sys.executable, '-c', 'import sys; from anomaly_nb.cli import main; sys.exit(main())', *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment())

def undisturbed(method, data, out):
    "Seconds that a training takes which nobody disturbs"
    began = time.monotonic()
    p = training(method, data, out)
    err = p.communicate()[1]
    if p.returncode: raise SystemExit(f'{method} did not train: {err[-300:]}')
    return time.monotonic()-began

def resumed(method, data, out):
    "Go on with a training that was killed; the faults. A run has begun once its manifest.json is there: before, the same command starts it anew"
    begun = (out/'manifest.json').is_file()
    p = training(method, data, out, '--resume') if begun else training(method, data, out)
    try: err = p.communicate(timeout=300)[1]
    except subprocess.TimeoutExpired:
        p.kill()
        p.communicate()
        return [('hang', f"{'resumed' if begun else 'started anew'}: still running after 300 s")]
    if not p.returncode: return []
    said = flat(err.strip().split('\r')[-1][-300:])
    return [('traceback' if 'Traceback' in err else 'other', f"{'resumed' if begun else 'started anew'}, exit code {p.returncode}: {said}")]

def weights_differ(a, b):
    from safetensors.numpy import load_file
    a,b = load_file(a/'model.safetensors'), load_file(b/'model.safetensors')
    return sorted(k for k in a.keys()|b.keys() if k not in a or k not in b or a[k].tobytes()!=b[k].tobytes())

def killed(i, n, seed, data, scratch, took):
    "What became of kill `i` of `n`"
    method,how = list(RUNS)[i//2%2], (signal.SIGKILL,signal.SIGTERM)[i%2]
    at = (i//4+np.random.default_rng([seed,i]).uniform())/max(1, -(-n//4))*took[method]
    out,plain,faults = scratch/f'kill{i}', scratch/method, []
    p = training(method, data, out)
    try: err = p.communicate(timeout=at)[1]
    except subprocess.TimeoutExpired:
        p.send_signal(how)
        try: err = p.communicate(timeout=60)[1]
        except subprocess.TimeoutExpired:
            faults.append(('hang', f'{how.name} did not end it within 60 s'))
            p.kill()
            err = p.communicate()[1]
    when = 'before its manifest' if not (out/'manifest.json').exists() else 'finished' if (out/'model.safetensors').exists() else 'with a checkpoint' if (out/'checkpoint.pt').exists() else 'begun'
    if 'Traceback' in err: faults.append(('traceback', f'{how.name}: {flat(err[-300:])}'))
    if p.returncode not in (0,1,-how,128+how): faults.append(('other', f'{how.name}: exit code {p.returncode}'))
    faults += [('other', f'after {how.name}: half written: {o}') for o in unsound(out, left=how!=signal.SIGKILL)] # kill -9 leaves no time to tidy up
    faults += resumed(method, data, out)
    faults += [('other', f'after resuming: {o}') for o in unsound(out)]
    if (out/'model.safetensors').is_file():
        if d := weights_differ(out, plain): faults.append(('wrong', f"{len(d)} tensors differ from the undisturbed run's: {', '.join(d[:3])}"))
        if (out/'history.csv').read_bytes()!=(plain/'history.csv').read_bytes(): faults.append(('wrong', "history.csv differs from the undisturbed run's"))
    else: faults.append(('other', 'no weights after resuming'))
    shutil.rmtree(out, ignore_errors=True)
    name = f'{how.name} {method}'
    return dict(number=i, kind=f'kill {how.name}', outcome='answered', when=when, faults=[(c, f'{name} after {at:.1f} s ({when}): {o}') for c,o in faults])

def kill_all(seed, n, scratch):
    "Kill `n` trainings, two at a time"
    t = Tree(scratch/'kills', seed, 10**6+1, 'own')
    for i in range(24): t.save(t.good/f'h{i}.png')
    with ThreadPoolExecutor(2) as pool:
        took = dict(zip(RUNS, pool.map(lambda m: undisturbed(m, t.root, scratch/m), RUNS)))
        found = list(pool.map(lambda i: killed(i, n, seed, t.root, scratch, took), range(n)))
    print(f"killed: {', '.join(f'{k} {v}' for k,v in Counter(o['when'] for o in found).items())}")
    return found

# The table

def table(results):
    "Counts by kind"
    lines = [f"{'':22}{'cases':>6}{'answered':>10}{'refused':>9}{'mentioned':>11}"+''.join(f'{o:>14}' for o in FAULTS.values())]
    def row(name, rs):
        counts = Counter(c for r in rs for c in {c for c,_ in r['faults']})
        outs = Counter(r['outcome'] for r in rs)
        return f"{name:22}{len(rs):6}{outs['answered']:10}{outs['refused']:9}{outs['mentioned']:11}"+''.join(f'{counts[c]:14}' for c in FAULTS)
    kinds = dict.fromkeys(r['kind'] for r in sorted(results, key=lambda r: (r['kind'].startswith('kill'), r['number'])))
    return '\n'.join([*lines, *(row(k, [r for r in results if r['kind']==k]) for k in kinds), row('all', results)])

def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name,default in (('seed',0), ('cases',300), ('kills',20)): p.add_argument(f'--{name}', type=int, default=default)
    p.add_argument('--only', nargs='+', choices=[*KINDS,'kill'], metavar='KIND', help=f"of {', '.join([*KINDS,'kill'])}")
    p.add_argument('--work', help=argparse.SUPPRESS) # what this script tells its own workers
    p.add_argument('--numbers', type=int, nargs='+', help=argparse.SUPPRESS)
    return p.parse_args()

def main():
    a = arguments()
    limit()
    if a.work: return work(a.seed, a.numbers, Path(a.work))
    began = time.monotonic()
    wanted = [n for n in range(a.cases) if not a.only or list(KINDS)[n%len(KINDS)] in a.only]
    mixed = np.random.default_rng(a.seed).permutation(wanted).tolist() # the costly kinds to both workers
    with tempfile.TemporaryDirectory(prefix='torture-') as scratch, ThreadPoolExecutor(2) as pool:
        scratch = Path(scratch).resolve()
        results = [r for rs in pool.map(lambda o: watched(a.seed, o, scratch), [o for o in (mixed[::2],mixed[1::2]) if o]) for r in rs]
        print(f'{len(results)} cases after {time.monotonic()-began:.0f} s', flush=True)
        if a.kills and (not a.only or 'kill' in a.only): results += kill_all(a.seed, a.kills, scratch)
    print(table(results))
    for r in sorted(results, key=lambda r: (r['kind'], r['number'])):
        for column,text in r['faults']: print(f"{r['kind']} {r['number']}, {column}: {text}")
    print(f"seed {a.seed}: {len(results)} cases, {sum(bool(r['faults']) for r in results)} with faults, {time.monotonic()-began:.0f} s")
    return int(any(r['faults'] for r in results))

if __name__=='__main__': sys.exit(main())
