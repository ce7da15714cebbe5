using Jumpbag.Host;

namespace Jumpbag.Tests.Unit.Host;

public sealed class MountEntryTests
{
    [Fact]
    public void a_line_of_mountinfo_is_taken_apart()
    {
        MountEntry entry = MountEntry.TryParse(@"36 35 254:7 / /mnt/a\040b rw,noatime shared:1 master:2 - ext4 /dev/mapper/vg-snap ro,errors=continue"u8)!;
        Assert.Equal((36, "254:7", "/mnt/a b", "ext4", "/dev/mapper/vg-snap"), (entry.Id, entry.Device, entry.Path.ToArgument(), entry.Type, entry.Source));
        Assert.Equal(["rw", "noatime"], entry.Options);
        Assert.Equal(["ro", "errors=continue"], entry.FileSystemOptions);
        Assert.Equal("overlay", MountEntry.TryParse("21 1 0:20 / / rw - overlay none rw,x=1"u8)!.Type);
    }

    [Theory]
    [InlineData("")]
    [InlineData("36 35 254:7 / /mnt rw")]
    [InlineData("36 35 254:7 / /mnt rw - ext4")]
    [InlineData("x 35 254:7 / /mnt rw - ext4 /dev/x rw")]
    public void what_is_no_such_line_is_none(string line) => Assert.Null(MountEntry.TryParse(System.Text.Encoding.ASCII.GetBytes(line)));

    [Fact]
    public void what_is_mounted_here_is_listed() => Assert.Contains(MountTable.Entries(), entry => entry.Path.ToArgument() == "/proc" && entry.Type == "proc");
}
