using System.Text;

namespace Jumpbag.Storage.Signatures;

/// <summary>Arrays that a mainboard's firmware made: their metadata stands at the end of the disks.</summary>
internal static class FirmwareRaid
{
    /// <summary>Intel Matrix RAID (mdadm calls it imsm): in the second last sector.</summary>
    public static Signature? ProbeIntel(ProbeWindow window)
    {
        if (window.Length < 0x10000)
            return null;
        ReadOnlySpan<byte> b = window.At((window.Length / 512 - 2) * 512, 48);
        return b.Has(0, "Intel Raid ISM Cfg Sig. "u8)
            ? Signature.Raid("isw_raid_member", null, null, null, ("VERSION", Tags.Label(b.Slice(24, 6))))
            : null;
    }

    /// <summary>SNIA Common RAID Disk Data Format 2.0: the anchor header stands in the last sector. 8 GUID[24]  32 revision[8].</summary>
    public static Signature? ProbeDdf(ProbeWindow window)
    {
        if (window.Length < 0x30000)
            return null;
        foreach (int fromEnd in (ReadOnlySpan<int>)[1, 257])
        {
            ReadOnlySpan<byte> b = window.At((window.Length / 512 - fromEnd) * 512, 512);
            if (!b.IsEmpty && (b.Le32(0) == 0xDE11_DE11 || b.Be32(0) == 0xDE11_DE11))
                return Signature.Raid("ddf_raid_member", null, Tags.Label(b.Slice(8, 24)), null,
                    ("VERSION", Encoding.ASCII.GetString(b.Slice(32, 8)).TrimEnd('\0')));
        }
        return null;
    }
}
