package codec

// makeDecoder tabulates expand over all 256 codes.
func makeDecoder(expand func(byte) int16) *[256]int16 {
	var t [256]int16
	for i := range t {
		t[i] = expand(byte(i))
	}
	return &t
}

// makeEncoder tabulates compress over the upper bits of a sample; the lowest shift bits never matter to it.
func makeEncoder[T [1 << 14]byte | [1 << 12]byte](shift int, compress func(int16) byte) *T {
	var t T
	for i := range len(t) {
		t[i] = compress(int16(uint16(i) << shift))
	}
	return &t
}
