namespace Jumpbag.Databases.Dumps.Input;

/// <summary>CRC-64 as xz computes it: ECMA-182's polynomial, reflected; seed with ~0 and invert.</summary>
internal static class Crc64
{
    private static readonly ulong[] Table = MakeTable();

    public static ulong Update(ulong crc, ReadOnlySpan<byte> data)
    {
        foreach (byte b in data)
            crc = Table[(byte)(crc ^ b)] ^ (crc >> 8);
        return crc;
    }

    private static ulong[] MakeTable()
    {
        var table = new ulong[256];
        for (uint i = 0; i < 256; i++)
        {
            ulong crc = i;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xC96C_5795_D787_0F42ul : 0);
            table[i] = crc;
        }
        return table;
    }
}
