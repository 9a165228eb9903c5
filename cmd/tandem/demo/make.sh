#!/bin/sh
# Makes greeting.wav and chime.wav anew: 8 kHz mono mu-law, as the telephone has it. Needs espeak-ng and sox; the switch needs neither.
set -eu
cd "$(dirname "$0")"
text="Welcome to Tandem. You hear this greeting from an R C M L document. Goodbye."
espeak-ng -v en-us -s 150 -p 45 --stdout "$text" |
	sox -t wav - -r 8000 -c 1 -e mu-law greeting.wav highpass 200 norm -4 pad 0.2 0.4
sox -n -r 8000 -c 1 -e mu-law chime.wav synth 0.4 sine 523.25 : synth 0.4 sine 659.25 : synth 0.6 sine 783.99 fade 0 1.4 0.2 gain -9
