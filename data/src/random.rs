//! Python's `random.Random`: a seed gives the same numbers here as there (MT19937).

const N: usize = 624;
const M: usize = 397;

/// A generator with a seed.
pub struct Random {
    state: Box<[u32; N]>,
    at: usize,
}

impl Random {
    /// As `random.Random(text)`; `sha512` is the digest of the text.
    pub fn from_text(text: &str, sha512: &[u8]) -> Self {
        // The seed is the big-endian number of the text and its digest, in words from the last one on.
        let bytes = [text.as_bytes(), sha512].concat();
        let mut words: Vec<u32> =
            bytes.rchunks(4).map(|word| word.iter().fold(0, |n, byte| (n << 8) | u32::from(*byte))).collect();
        while words.len() > 1 && words.last() == Some(&0) {
            words.pop();
        }
        Self::from_words(&words)
    }

    /// MT19937's `init_by_array`.
    fn from_words(key: &[u32]) -> Self {
        let mut state = Box::new([0u32; N]);
        let mut last = 19_650_218u32;
        for (i, slot) in (0u32..).zip(state.iter_mut()) {
            if i > 0 {
                last = 1_812_433_253u32.wrapping_mul(last ^ (last >> 30)).wrapping_add(i);
            }
            *slot = last;
        }
        let mut random = Random { state, at: N };
        let (mut i, mut j) = (1, 0);
        for _ in 0..N.max(key.len()) {
            let add = key.get(j).copied().unwrap_or_default().wrapping_add(j as u32);
            random.stir(&mut i, 1_664_525, add);
            j = (j + 1) % key.len().max(1);
        }
        for _ in 1..N {
            let add = (i as u32).wrapping_neg();
            random.stir(&mut i, 1_566_083_941, add);
        }
        random.set(0, 0x8000_0000);
        random
    }

    fn stir(&mut self, i: &mut usize, factor: u32, add: u32) {
        let before = self.word(*i - 1);
        let mixed = (before ^ (before >> 30)).wrapping_mul(factor);
        self.set(*i, (self.word(*i) ^ mixed).wrapping_add(add));
        *i += 1;
        if *i >= N {
            self.set(0, self.word(N - 1));
            *i = 1;
        }
    }

    fn word(&self, at: usize) -> u32 {
        self.state.get(at % N).copied().unwrap_or_default()
    }

    fn set(&mut self, at: usize, value: u32) {
        if let Some(slot) = self.state.get_mut(at) {
            *slot = value;
        }
    }

    fn next_u32(&mut self) -> u32 {
        if self.at >= N {
            for k in 0..N {
                let y = (self.word(k) & 0x8000_0000) | (self.word(k + 1) & 0x7fff_ffff);
                let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.set(k, self.word(k + M) ^ (y >> 1) ^ odd);
            }
            self.at = 0;
        }
        let mut y = self.word(self.at);
        self.at += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// A number below `n`, as `randrange(n)`; 0 when `n` is.
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 {
            return 0;
        }
        let bits = 64 - n.leading_zeros();
        loop {
            // `getrandbits`: words from the lowest on, the last one cut.
            let mut r = u64::from(self.next_u32() >> 32u32.saturating_sub(bits).min(31));
            if bits > 32 {
                r |= u64::from(self.next_u32() >> (64 - bits)) << 32;
            }
            if r < n {
                return r;
            }
        }
    }

    /// The places that `sample(population, k)` takes out of `n`.
    pub fn sample(&mut self, n: usize, k: usize) -> Vec<usize> {
        let k = k.min(n);
        let mut few = 21;
        if k > 5 {
            few += 4usize.pow((k as f64 * 3.0).log(4.0).ceil() as u32);
        }
        let mut out = Vec::with_capacity(k);
        if n <= few {
            let mut pool: Vec<usize> = (0..n).collect();
            for i in 0..k {
                let j = self.below((n - i) as u64) as usize;
                out.push(pool.swap_remove(j));
            }
        } else {
            while out.len() < k {
                let j = self.below(n as u64) as usize;
                if !out.contains(&j) {
                    out.push(j);
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn numbers_are_pythons() {
        // random.seed(5489); [random.randrange(1 << 32) for _ in range(3)]
        let mut random = Random::from_words(&[5489]);
        let first: Vec<u64> = (0..3).map(|_| random.below(1 << 32)).collect();
        assert_eq!(first, [3_382_763_572, 417_760_592, 4_181_578_304]);
    }
}
