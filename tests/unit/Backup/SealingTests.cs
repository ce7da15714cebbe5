using System.Security.Cryptography;
using CsCheck;
using Jumpbag.Backup.Repository;

namespace Jumpbag.Tests.Unit.Backup;

public sealed class SealingTests
{
    // RFC 8439, 2.5.2 and the vectors 7 to 11 of A.3, which carry over the modulus.
    [Theory]
    [InlineData("85d6be7857556d337f4452fe42d506a8", "0103808afb0db2fd4abff6af4149f51b", "43727970746f6772617068696320466f72756d2052657365617263682047726f7570", "a8061dc1305136c6c22b8baf0c0127a9")]
    [InlineData("01000000000000000000000000000000", "00000000000000000000000000000000", "fffffffffffffffffffffffffffffffff0ffffffffffffffffffffffffffffff11000000000000000000000000000000", "05000000000000000000000000000000")]
    [InlineData("01000000000000000000000000000000", "00000000000000000000000000000000", "fffffffffffffffffffffffffffffffffbfefefefefefefefefefefefefefefe01010101010101010101010101010101", "00000000000000000000000000000000")]
    [InlineData("02000000000000000000000000000000", "00000000000000000000000000000000", "fdffffffffffffffffffffffffffffff", "faffffffffffffffffffffffffffffff")]
    [InlineData("02000000000000000000000000000000", "ffffffffffffffffffffffffffffffff", "02000000000000000000000000000000", "03000000000000000000000000000000")]
    [InlineData("01000000000000000400000000000000", "00000000000000000000000000000000", "e33594d7505e43b900000000000000003394d7505e4379cd01000000000000000000000000000000000000000000000001000000000000000000000000000000", "14000000000000005500000000000000")]
    [InlineData("01000000000000000400000000000000", "00000000000000000000000000000000", "e33594d7505e43b900000000000000003394d7505e4379cd010000000000000000000000000000000000000000000000", "13000000000000000000000000000000")]
    public void the_mac_is_that_of_its_specification(string mask, string nonce, string message, string mac)
    {
        var computed = new byte[16];
        Poly1305.Compute(Convert.FromHexString(mask), Convert.FromHexString(nonce), Convert.FromHexString(message), computed);
        Assert.Equal(mac, Convert.ToHexStringLower(computed));
    }

    [Fact]
    public void the_mac_is_that_of_bouncycastle() => Gen.Select(Gen.Byte.Array[16], Gen.Byte.Array[16], Gen.Byte.Array[0, 1000], Gen.Bool).Sample((mask, nonce, message, isFull) =>
    {
        // The largest numbers carry furthest.
        if (isFull)
            foreach (byte[] bytes in new[] { mask, message })
                bytes.AsSpan().Fill(0xFF);
        var theirs = new Org.BouncyCastle.Crypto.Macs.Poly1305();
        theirs.Init(new Org.BouncyCastle.Crypto.Parameters.KeyParameter([.. mask, .. nonce]));
        theirs.BlockUpdate(message, 0, message.Length);
        byte[] expected = new byte[16], computed = new byte[16];
        theirs.DoFinal(expected, 0);
        Poly1305.Compute(mask, nonce, message, computed);
        Assert.Equal(expected, computed);
    });

    [Fact]
    public void the_key_stream_is_that_of_openssl_also_where_the_counter_overflows()
    {
        Assert.SkipUnless(AesCounter.IsSupported, "the processor has no AES instructions");
        Gen.Select(Gen.Byte.Array[32], Gen.Byte.Array[0, 700], Gen.Byte.Array[16], Gen.Bool).Sample((key, message, iv, overflows) =>
        {
            if (overflows)
                iv.AsSpan(0, 15).Fill(0xFF);
            using var aes = Aes.Create();
            aes.Key = key;
            var counter = new System.Numerics.BigInteger(iv, isUnsigned: true, isBigEndian: true);
            var expected = new byte[message.Length];
            for (int at = 0; at < message.Length; at += 16, counter++)
            {
                byte[] block = [.. Enumerable.Repeat((byte)0, 16), .. counter.ToByteArray(isUnsigned: true, isBigEndian: true)];
                byte[] stream = aes.EncryptEcb(block.AsSpan(block.Length - 16), PaddingMode.None);
                for (int i = 0; i < 16 && at + i < message.Length; i++)
                    expected[at + i] = (byte)(message[at + i] ^ stream[i]);
            }
            var computed = new byte[message.Length];
            new AesCounter(key).Xor(iv, message, computed);
            Assert.Equal(expected, computed);
            new AesCounter(key).Xor(iv, computed, computed);
            Assert.Equal(message, computed);
        });
    }

    // RFC 7914, 12.
    [Theory]
    [InlineData("", "", 16, 1, 1, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906")]
    [InlineData("password", "NaCl", 1024, 8, 16, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")]
    [InlineData("pleaseletmein", "SodiumChloride", 16384, 8, 1, "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")]
    public void keys_of_passwords_are_those_of_the_specification(string password, string salt, int n, int r, int p, string key) =>
        Assert.Equal(key, Convert.ToHexStringLower(Scrypt.Derive(System.Text.Encoding.ASCII.GetBytes(password), System.Text.Encoding.ASCII.GetBytes(salt), n, r, p, 64)));

    [Fact]
    public void one_block_is_that_of_openssl()
    {
        Assert.SkipUnless(AesCounter.IsSupported, "the processor has no AES instructions");
        Gen.Select(Gen.Byte.Array[16], Gen.Byte.Array[16]).Sample((key, block) =>
        {
            using var aes = Aes.Create();
            aes.Key = key;
            var computed = new byte[16];
            AesCounter.Encrypt(AesCounter.Keys128(key), block, computed);
            Assert.Equal(aes.EncryptEcb(block, PaddingMode.None), computed);
        });
    }

    [Fact]
    public void what_is_sealed_opens_and_what_is_altered_does_not()
    {
        using var cipher = new RepositoryCipher(RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(16), RandomNumberGenerator.GetBytes(16));
        Gen.Select(Gen.Byte.Array[0, 500], Gen.Int[0, 1 << 20]).Sample((message, where) =>
        {
            byte[] hidden = cipher.Seal(message);
            Assert.Equal(message, cipher.TryOpen(hidden));
            hidden[where % hidden.Length] ^= (byte)(1 << (where % 8));
            Assert.Null(cipher.TryOpen(hidden));
            Assert.Null(cipher.TryOpen(hidden.AsSpan(0, hidden.Length - 1)));
        });
    }
}
