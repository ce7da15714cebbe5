using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>No command writes to a source: traced as the kernel sees it. The disk's home has a dirty journal.</summary>
public sealed class ReadOnlyTests(DemoDisk disk) : IClassFixture<DemoDisk>
{
    [Theory]
    [InlineData("inspect d.img")]
    [InlineData("inspect --json d.img")]
    [InlineData("inspect --commands d.img")]
    [InlineData("inspect --search d.img")]
    [InlineData("ls -lR d.img:/")]
    [InlineData("stat d.img:/home/anna/shared.txt")]
    [InlineData("cat d.img:/home/anna/letters/last-words.txt")]
    [InlineData("cat --no-replay d.img:/home/anna/letters/letter.txt")]
    [InlineData("cp -r -f d.img:/ traced-copy")]
    [InlineData("tar -f traced.tar d.img:/")]
    [InlineData("find d.img:/ -type f")]
    [InlineData("df d.img")]
    [InlineData("mount --foreground d.img mm & for i in $(seq 300); do [ -e mm/home/anna ] && break; sleep 0.1; done; tar -c mm | wc -c >size; jumpbag umount -q mm; wait $! && [ $(cat size) -gt 2000000 ]")]
    [InlineData("mount --foreground --raw d.img mm & for i in $(seq 300); do [ -e mm/1 ] && break; sleep 0.1; done; e2fsck -fn mm/vg_demo-home; echo x >mm/1; jumpbag umount -q mm; wait $!")]
    public void a_source_is_opened_read_only_and_never_written(string arguments)
    {
        Require.Tool("strace");
        string before = State();
        ShellResult result = disk.Bash($"mkdir -p mm; strace -f -y -e trace=openat,open,creat,write,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,ioctl,mmap,sendfile,copy_file_range -o trace \"$BIN\" {arguments}");
        Assert.True(result.Status == 0, result.Errors);
        string[] trace = [.. File.ReadLines(Path.Combine(disk.Folder, "trace")).Where(line => line.Contains("d.img", StringComparison.Ordinal))];
        string[] opens = [.. trace.Where(line => Regex.IsMatch(line, @"(open|openat)\([^""]*""[^""]*d\.img"""))];
        Assert.NotEmpty(opens);
        Assert.All(opens, line => Assert.True(line.Contains("O_RDONLY", StringComparison.Ordinal) && !Regex.IsMatch(line, "O_(WRONLY|RDWR|TRUNC|CREAT)"), line));
        // With -y a descriptor is shown with its path, as in write(3</…/d.img>. A source may be read by copy_file_range, as its first descriptor.
        Assert.DoesNotContain(trace, line => Regex.IsMatch(line, @"(write|pwrite64|pwritev2?|ftruncate|fallocate)\(\d+<[^>]*/d\.img>|(truncate|creat)\(""[^""]*d\.img""|mmap\(.*PROT_WRITE.*MAP_SHARED.*/d\.img>|ioctl\(\d+<[^>]*/d\.img>, (FICLONE|BLKDISCARD|BLKZEROOUT|FS_IOC_SET)|copy_file_range\(\d+<[^>]*>, [^,]*, \d+<[^>]*/d\.img>|sendfile\(\d+<[^>]*/d\.img>"));
        Assert.Equal(before, State());
    }

    private string State() => disk.Bash("sha256sum d.img; stat -c '%y %s' d.img").Output;
}
