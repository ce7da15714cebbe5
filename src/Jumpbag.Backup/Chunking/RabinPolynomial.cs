using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using Jumpbag.Core;

namespace Jumpbag.Backup.Chunking;

/// <summary>A polynomial over GF(2): bit i is the coefficient of x^i. A repository has one of its own, irreducible and of degree 53, which decides where files are cut.</summary>
/// <remarks>https://restic.readthedocs.io/en/stable/design.html, "Backups and Deduplication"</remarks>
public readonly record struct RabinPolynomial(ulong Bits)
{
    public const int RequiredDegree = 53;

    public int Degree => 63 - BitOperations.LeadingZeroCount(Bits);

    /// <summary>As the configuration has it: hexadecimal.</summary>
    /// <exception cref="FormatException">It is none, or one by which nothing can be cut.</exception>
    public static RabinPolynomial Parse(string text) =>
        ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong bits) && new RabinPolynomial(bits) is { Degree: RequiredDegree, IsIrreducible: true } polynomial
            ? polynomial : throw new FormatException($"'{text}' is no irreducible polynomial of degree {RequiredDegree}");

    /// <summary>A new one. About one in 53 is irreducible.</summary>
    public static RabinPolynomial Random()
    {
        Span<byte> random = stackalloc byte[8];
        while (true)
        {
            RandomNumberGenerator.Fill(random);
            ulong bits = BitConverter.ToUInt64(random) & ((1UL << RequiredDegree) - 1);
            // Without the constant term x would divide it.
            var polynomial = new RabinPolynomial(bits | (1UL << RequiredDegree) | 1);
            if (polynomial.IsIrreducible)
                return polynomial;
        }
    }

    /// <summary>Ben-Or's test: no x^(2^i) - x up to half the degree has a factor in common with it.</summary>
    public bool IsIrreducible
    {
        get
        {
            if (Degree < 1)
                return false;
            ulong power = 2;
            for (int i = 1; i <= Degree / 2; i++)
            {
                power = Reduce(Multiply(power, power));
                if (GreatestCommonDivisor(Bits, power ^ 2) != 1)
                    return false;
            }
            return true;
        }
    }

    /// <summary>The remainder by this polynomial.</summary>
    public ulong Reduce(UInt128 value)
    {
        for (int i = 127 - (int)UInt128.LeadingZeroCount(value); i >= Degree; i = 127 - (int)UInt128.LeadingZeroCount(value))
            value ^= (UInt128)Bits << (i - Degree);
        return (ulong)value;
    }

    public override string ToString() => Bits.ToString("x", CultureInfo.InvariantCulture);

    private static UInt128 Multiply(ulong a, ulong b)
    {
        UInt128 product = 0;
        for (; b != 0; b &= b - 1)
            product ^= (UInt128)a << BitOperations.TrailingZeroCount(b);
        return product;
    }

    private static ulong GreatestCommonDivisor(ulong a, ulong b)
    {
        while (b != 0)
            (a, b) = (b, new RabinPolynomial(b).Reduce(a));
        return a;
    }
}
