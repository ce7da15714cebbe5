using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace Jumpbag.Databases.Servers.MySql;

/// <summary>
/// The signature by which MariaDB's ed25519 accounts log in: RFC 8032 (5.1.6), only that the private key is not 32 random bytes but the
/// password, of any length. .NET has no Ed25519. One signature at each login needs no speed, and nobody measures its time.
/// </summary>
/// <remarks>https://mariadb.com/kb/en/authentication-plugin-ed25519/</remarks>
internal static class Ed25519Signature
{
    private static readonly BigInteger Prime = BigInteger.Pow(2, 255) - 19;

    private static readonly BigInteger Order = BigInteger.Pow(2, 252) + Number("27742317777372353535851937790883648493");

    /// <summary>-121665/121666</summary>
    private static readonly BigInteger D = Modulo(-121665 * Inverse(121666));

    private static readonly Point Base = Point.Of(
        Number("15112221349535400772501151409588531511454012693041857206046113283949847762202"),
        Number("46316835694926478169428394003475163141307993866256225615783033603165251855960"));

    /// <summary>64 bytes: R and S.</summary>
    public static byte[] Sign(ReadOnlySpan<byte> password, ReadOnlySpan<byte> message)
    {
        byte[] expanded = SHA512.HashData(password);
        expanded[0] &= 248;
        expanded[31] = (byte)(expanded[31] & 63 | 64);
        BigInteger secret = Scalar(expanded.AsSpan(0, 32));
        byte[] key = (Base * secret).Encode();
        BigInteger nonce = Scalar(SHA512.HashData([.. expanded[32..], .. message])) % Order;
        byte[] point = (Base * nonce).Encode();
        BigInteger challenge = Scalar(SHA512.HashData([.. point, .. key, .. message])) % Order;
        CryptographicOperations.ZeroMemory(expanded);
        return [.. point, .. Encode((nonce + challenge * secret) % Order)];
    }

    private static BigInteger Number(string digits) => BigInteger.Parse(digits, CultureInfo.InvariantCulture);

    private static BigInteger Scalar(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true);

    private static byte[] Encode(BigInteger number)
    {
        var bytes = new byte[32];
        number.TryWriteBytes(bytes, out _, isUnsigned: true);
        return bytes;
    }

    private static BigInteger Modulo(BigInteger number)
    {
        BigInteger rest = number % Prime;
        return rest.Sign < 0 ? rest + Prime : rest;
    }

    private static BigInteger Inverse(BigInteger number) => BigInteger.ModPow(number, Prime - 2, Prime);

    /// <summary>A point in extended coordinates: x = X/Z, y = Y/Z, T = XY/Z. The formulas of RFC 8032, 5.1.4.</summary>
    private readonly record struct Point(BigInteger X, BigInteger Y, BigInteger Z, BigInteger T)
    {
        public static Point Of(BigInteger x, BigInteger y) => new(x, y, 1, Modulo(x * y));

        public static Point operator +(Point left, Point right)
        {
            BigInteger a = Modulo((left.Y - left.X) * (right.Y - right.X)), b = Modulo((left.Y + left.X) * (right.Y + right.X));
            BigInteger c = Modulo(2 * left.T * right.T * D), d = Modulo(2 * left.Z * right.Z);
            BigInteger e = b - a, f = d - c, g = d + c, h = b + a;
            return new(Modulo(e * f), Modulo(g * h), Modulo(f * g), Modulo(e * h));
        }

        public static Point operator *(Point point, BigInteger factor)
        {
            Point sum = Of(0, 1);
            for (; factor > 0; factor >>= 1)
            {
                if (!factor.IsEven)
                    sum += point;
                point += point;
            }
            return sum;
        }

        public byte[] Encode()
        {
            BigInteger inverse = Inverse(Z);
            byte[] bytes = Ed25519Signature.Encode(Modulo(Y * inverse));
            if (!Modulo(X * inverse).IsEven)
                bytes[31] |= 0x80;
            return bytes;
        }
    }
}
