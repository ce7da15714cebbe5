using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Mounting;

/// <summary>
/// What holds for a bare partition holds on arrays, thin volumes and snapshots too: other programs open their raw files, come to the same
/// result, and change nothing; a copy tells how far it is, takes little memory and opens the disks to read them; what is lost is told, and the
/// rest is right. The arrays and volumes are laid out by the bench's scripts.
/// </summary>
public sealed class RawLayerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("make-array i d- 0 3 64", "d-0@md/data --disk d-1 --disk d-2")]
    [InlineData("make-array i d- 1 2 64", "d-1@md/data")]
    [InlineData("make-array i d- 5 4 64", "d-0@md/data --disk d-1 --disk d-3")]
    [InlineData("make-array i d- 6 5 64", "d-0@md/data --disk d-2 --disk d-4")]
    [InlineData("make-array i d- 10 4 64", "d-0@md/data --disk d-3")]
    [InlineData("make-volume thin-scattered i d", "d/disk0@bench/volume")]
    [InlineData("make-volume snapshot i d", "d/disk0@bench/volume")]
    public void other_programs_come_to_the_same_result_on_a_raw_file_of_any_layer(string make, string words)
    {
        foreach (string tool in new[] { "qemu-img", "e2fsck", "python3", "strace", "time" })
            Require.Tool(tool);
        if (make.Contains("thin", StringComparison.Ordinal))
            Require.Tool("thin_restore");
        string source = words.Split(' ')[0];
        // Where something is to be told each read takes its time.
        bool isSlow = make.StartsWith("make-volume", StringComparison.Ordinal) || make.Contains(" 5 ", StringComparison.Ordinal);
        string slowly = isSlow ? "-e inject=pread64,copy_file_range:delay_enter=20000" : "";
        ShellResult result = Bash($$"""
            {{VirtualMachine.Repository}}/bench/{{make}}; find d* -type f | sort | xargs sha256sum >before
            e2fsck -fn i 2>/dev/null | sed 's/^i: //' >bare; echo "${PIPESTATUS[0]}"
            jumpbag mount -q --raw {{words}} m 2>said; echo $?; grep -c 'not shown' said; set -- m/*
            e2fsck -fn $1 2>/dev/null | sed "s,^$1: ,," >raw; echo "${PIPESTATUS[0]}"; cmp bare raw && echo verdict
            cmp -n $(stat -c %s i) $1 i && echo same
            qemu-img convert -f raw -O qcow2 $1 x && qemu-img compare -q -f qcow2 -F raw x $1 && echo converted
            jumpbag umount -q m
            LC_ALL=C /usr/bin/time -q -o figures -f %M strace -f -qq -o trace -e trace=openat,pread64,copy_file_range {{slowly}} \
              "$BIN" cp --progress json -r {{source}}:/ {{words[source.Length..]}} out 2>warnings; echo $?; grep -c failed warnings
            rmdir out/lost+found; diff -r t out && echo copied
            grep '"bytesTotal":' warnings | grep -q '"filesTotal":69,.*"remainingSeconds":' && echo 'told how far'
            [ $(cat figures) -lt $((256 * 1024)) ] && echo bounded
            grep -E 'openat\(.*"[^"]*d(-|/disk)[0-9]"' trace >opened; [ -s opened ] && ! grep -E 'O_(WRONLY|RDWR|TRUNC|CREAT)' opened && echo 'to be read'
            sha256sum -c --quiet before && echo untouched
            """);
        // The count of links was damaged on purpose.
        Assert.Equal($"4\n0\n0\n4\nverdict\nsame\nconverted\n0\n0\ncopied\n{(isSlow ? "told how far\n" : "")}bounded\nto be read\nuntouched\n", result.Output);
    }

    [Fact]
    public void of_a_disk_with_a_thin_pool_all_that_has_bytes_is_shown()
    {
        Require.Tool("thin_restore");
        ShellResult result = Bash($"{VirtualMachine.Repository}/bench/make-volume thin i d; jumpbag mount -q --raw d/disk0 m; echo $?; ls m; jumpbag umount -q m");
        Assert.Equal(("0\nbench-volume\ndisk\n", ""), (result.Output, result.Errors));
    }

    [Theory]
    [InlineData("5 4 64", "d-0@md/data:/ --disk d-1")]
    [InlineData("0 3 64", "d-0@md/data:/ --disk d-1")]
    public void with_too_few_members_the_copy_is_partial_and_what_it_does_not_list_is_right(string array, string words)
    {
        Require.Tool("python3");
        ShellResult result = Bash($$"""
            {{VirtualMachine.Repository}}/bench/make-array i d- {{array}}; sha256sum d-* >before
            jumpbag cp -r {{words}} out >log 2>&1; echo $?
            # Each file is whole, or it or its folder is listed; the bytes outside of the listed ranges are right.
            python3 - <<'END'
            import os, re
            bad = {}
            for line in open('log'):
                if found := re.match(r'damaged: d-0@md/data:(/\S+): (?:bytes (\d+)-(\d+):)?', line):
                    bad.setdefault(found[1], []).extend([(int(found[2]), int(found[3]) + 1)] if found[2] else [])
            whole = wrong = 0
            for top, _, names in os.walk('t'):
                for name in names:
                    path = os.path.join(top, name)[1:]
                    if not os.path.exists('out' + path):
                        wrong += path not in bad and os.path.dirname(path) not in bad
                        continue
                    expected, copy = bytearray(open('t' + path, 'rb').read()), open('out' + path, 'rb').read()
                    whole += path not in bad
                    for start, end in bad.get(path, []):
                        expected[start:end] = bytes(end - start)
                    wrong += bytes(expected) != copy
            print(whole > 0, len(bad) > 0, wrong)
            END
            sha256sum -c --quiet before && echo untouched
            """);
        Assert.Equal("3\nTrue True 0\nuntouched\n", result.Output);
    }

    private ShellResult Bash(string script)
    {
        Require.Fuse();
        ShellResult result = JumpbagProgram.Bash(folder.Path, $$"""
            export PATH=$PATH:/usr/sbin LC_ALL=C; mkdir m; trap 'umount -l m 2>/dev/null' EXIT
            python3 - <<'END'
            import os, random
            random.seed(3)
            for n in range(60):
                os.makedirs(f't/d{n % 6}', exist_ok=True)
                open(f't/d{n % 6}/f{n}', 'wb').write(random.randbytes(random.randrange(60000)))
            open('t/large', 'wb').write(random.randbytes(3000000))
            END
            truncate -s 12M i; mke2fs -q -t ext4 -b 1024 -d t i; debugfs -w -R 'sif large links_count 5' i 2>/dev/null

            """ + script);
        TestContext.Current.TestOutputHelper?.WriteLine(result.Output + result.Errors);
        return result;
    }
}
