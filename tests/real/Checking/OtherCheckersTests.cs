using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Checking;

/// <summary>xfs_repair, fsck.fat and btrfs check through an overlay do what they do to a copy.</summary>
public sealed class OtherCheckersTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("xfs_repair", "mkfs.xfs -q i", "xfs_repair -f -e copy", 320, 1024, 512)]
    [InlineData("fsck.fat", "mkfs.vfat -F 32 i", "fsck.fat -a copy", 40, 0x4000 + 200, 200)]
    [InlineData("fsck.fat", "mkfs.vfat -F 16 i", "fsck.fat -a copy", 20, 0x4000 + 200, 60)]
    public void a_damaged_filesystem_becomes_what_the_checker_makes_of_a_copy(string tool, string make, string repair, int mebibytes, int at, int count)
    {
        Require.Tool(tool);
        Require.Tool(make.Split(' ')[0]);
        ShellResult result = JumpbagProgram.Bash(folder.Path, $$"""
            export TMPDIR=$PWD PATH=$PATH:/usr/sbin LC_ALL=C
            truncate -s {{mebibytes}}M i; {{make}} >log 2>&1 || exit 70
            head -c {{count}} /dev/zero | tr '\0' '\7' | dd of=i bs=1 seek={{at}} conv=notrunc status=none
            cp i copy; cp i before
            jumpbag fsck i >log 2>&1 </dev/null; echo looked $?
            cmp i before && ls
            {{repair}} >log 2>&1
            jumpbag fsck --yes i >log 2>errors </dev/null; echo repaired $?
            cmp i before
            jumpbag fsck --yes --overlay i.jumpbag-overlay i >log 2>&1 </dev/null; echo again $?
            jumpbag fsck --commit -y i 2>&1 | grep -o '^i: .* written to i'
            cmp i copy && echo same
            jumpbag fsck --undo -y i 2>/dev/null; cmp i before && echo undone
            """);
        Assert.True(result.Status == 0, result.Output + result.Errors);
        Assert.Matches("^looked 3\nbefore\ncopy\ni\nlog\nrepaired 0\nagain 0\ni: \\d+ blocks written to i\nsame\nundone\n$", result.Output);
    }

    [Fact]
    public void btrfs_is_looked_at_unless_it_has_several_devices()
    {
        Require.Tool("btrfs");
        Require.Tool("python3");
        Require.Tool("mkfs.btrfs");
        // One of several devices is refused, since the others would be looked for on this machine.
        ShellResult result = JumpbagProgram.Bash(folder.Path, """
            export TMPDIR=$PWD PATH=$PATH:/usr/sbin LC_ALL=C
            truncate -s 160M i; mkfs.btrfs -q i >made 2>&1 || { cat made; exit 70; }
            cp i before
            jumpbag fsck i >log 2>errors </dev/null; echo clean $?; grep -q 'found .* bytes used, no error found' log errors && echo told
            printf '\2' | dd of=i bs=1 seek=$((0x10000 + 0x88)) conv=notrunc status=none
            jumpbag fsck i 2>errors </dev/null; echo several $?; cat errors
            cp before i
            python3 - <<'END'
            image = bytearray(open('i', 'rb').read())
            identity = image[0x10020:0x10030]
            for node in range(1 << 20, len(image) - 16384, 16384):
                if image[node + 0x20:node + 0x30] == identity:
                    image[node + 200] ^= 0xFF
            open('i', 'wb').write(image)
            END
            cp i before
            jumpbag fsck i >log 2>&1 </dev/null; echo damaged $?
            cmp i before && echo untouched
            """);
        Assert.True(result.Status == 0, result.Output + result.Errors);
        Assert.Contains("clean 0\ntold\nseveral 4\n", result.Output);
        Assert.Contains("it lies on several devices", result.Output);
        Assert.Contains("damaged 3\nuntouched\n", result.Output);
    }

    /// <summary>In every copy of the tree's leaf the files' sizes on disk (nbytes) are wrong, with right checksums: btrfs check mends that.</summary>
    [Fact]
    public void a_damaged_btrfs_becomes_what_btrfs_check_makes_of_a_copy()
    {
        Require.Tool("btrfs");
        Require.Tool("python3");
        Require.Tool("mkfs.btrfs");
        ShellResult result = JumpbagProgram.Bash(folder.Path, """
            export TMPDIR=$PWD PATH=$PATH:/usr/sbin LC_ALL=C
            mkdir t; for n in 1 2 3 4; do seq 1 $((n * 1000)) >t/f$n; done
            truncate -s 160M i; mkfs.btrfs -q -r t i >log 2>&1 || { cat log; exit 70; }
            python3 - <<'END'
            import struct
            table = []
            for n in range(256):
                for _ in range(8):
                    n = n >> 1 ^ 0x82F63B78 * (n & 1)
                table.append(n)
            def crc32c(data):
                crc = 0xFFFFFFFF
                for byte in data:
                    crc = table[(crc ^ byte) & 255] ^ crc >> 8
                return crc ^ 0xFFFFFFFF
            image, size = bytearray(open('i', 'rb').read()), 16384
            identity = image[0x10020:0x10030]
            for leaf in range(1 << 20, len(image) - size, 4096):
                owner, count, level = struct.unpack_from('<QIB', image, leaf + 0x58)
                if image[leaf + 0x20:leaf + 0x30] != identity or owner != 5 or level:
                    continue
                for item in range(count):
                    inode, kind, _, at, _ = struct.unpack_from('<QBQII', image, leaf + 0x65 + item * 25)
                    if kind == 1 and inode > 256:
                        struct.pack_into('<Q', image, leaf + 0x65 + at + 24, 12345)
                struct.pack_into('<I', image, leaf, crc32c(image[leaf + 32:leaf + size]))
            open('i', 'wb').write(image)
            END
            cp i copy; cp i before
            jumpbag fsck i >log 2>&1 </dev/null; echo looked $?; grep -q 'nbytes wrong' log && echo told
            cmp i before && ls
            btrfs check --repair --force copy >log 2>&1 </dev/null; btrfs check copy >log 2>&1; echo copy $?
            jumpbag fsck --yes i >log 2>errors </dev/null; echo repaired $?
            grep -o 'btrfs looks again' errors; cmp i before
            jumpbag fsck --yes --overlay i.jumpbag-overlay i >log 2>&1 </dev/null; echo again $?
            jumpbag fsck --commit -y i 2>&1 | grep -o '^i: .* written to i'
            btrfs check i >log 2>&1; echo committed $?
            btrfs restore -D i . >log 2>&1; echo readable $?
            jumpbag fsck --undo -y i 2>/dev/null; cmp i before && echo undone
            """);
        Assert.True(result.Status == 0, result.Output + result.Errors);
        Assert.Matches("^looked 3\ntold\nbefore\ncopy\ni\nlog\nt\ncopy 0\nrepaired 0\nbtrfs looks again\nagain 0\ni: \\d+ blocks written to i\ncommitted 0\nreadable 0\nundone\n$", result.Output);
    }

    [Fact]
    public void what_no_checker_is_for_is_refused()
    {
        Require.Tool("mkswap");
        ShellResult result = JumpbagProgram.Bash(folder.Path, """
            export PATH=$PATH:/usr/sbin
            truncate -s 8M s n; mkswap s >/dev/null
            jumpbag fsck s; echo $?; jumpbag fsck n; echo $?
            """);
        Assert.Equal("4\n1\n", result.Output);
        Assert.Contains("s: holds swap, for which no checker is known", result.Errors);
        Assert.Contains("n: no filesystem was recognised in it\nhint: where you know what it is, '--type ", result.Errors);
    }
}
