using Jumpbag.Storage.Search;
using Jumpbag.Storage.Signatures;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Storage;

public class SignatureTests
{
    [Fact]
    public void a_bad_sector_elsewhere_does_not_hide_a_signature()
    {
        var disk = new byte[1 << 20];
        "LUKS"u8.CopyTo(disk);
        (disk[4], disk[5], disk[7]) = (0xBA, 0xBE, 1);
        Assert.Equal("crypto_LUKS", Signature.Probe(new ImageBytes(disk, 512, (32768, 4096), (65536, 512)))!.Format);
        Assert.Null(Signature.Probe(new ImageBytes(disk, 512, (0, 512))));
    }

    [Fact]
    public void control_characters_in_a_label_are_escaped()
    {
        var disk = new byte[1 << 20];
        "-rom1fs-"u8.CopyTo(disk);
        "evil\x1b[2J"u8.CopyTo(disk.AsSpan(16));
        Assert.Equal(@"evil\033[2J", Signature.Probe(new ImageBytes(disk))!.Label);
    }

    [Fact]
    public void two_signatures_are_both_listed()
    {
        var disk = new byte[1 << 20];
        "-rom1fs-"u8.CopyTo(disk);
        "_BHRfS_M"u8.CopyTo(disk.AsSpan(65536 + 64));
        Assert.Equal(["romfs", "btrfs"], Signature.ProbeAll(new ImageBytes(disk)).Select(s => s.Format));
    }

    [Fact]
    public void a_search_goes_around_bad_sectors_and_says_how_much_it_missed()
    {
        var disk = new byte[1 << 20];
        "_BHRfS_M"u8.CopyTo(disk.AsSpan(512 * 1024 + 65536 + 64));
        disk[512 * 1024 + 65536 + 0x32] = 1;
        var events = new List<Core.Events.Event>();
        FoundSuperblock found = Assert.Single(SuperblockSearch.Run(new ImageBytes(disk, 512, (100_000, 512)), events.Add, TestContext.Current.CancellationToken));
        Assert.Equal((512 * 1024, "btrfs"), (found.Offset, found.Format));
        Assert.Contains(events, e => e is Core.Events.Warning { Message: var m } && m.StartsWith("4K could not be read", StringComparison.Ordinal));
    }
}
