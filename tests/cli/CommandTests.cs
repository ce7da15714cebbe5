using System.Text.Json;
using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>Each command as a person meets it: what is typed, the exit status, and what stands on the two outputs.</summary>
public sealed class CommandTests(DemoDisk disk) : IClassFixture<DemoDisk>
{
    /// <summary>Else an incident that is open on this machine would be written into by all tests.</summary>
    [Fact]
    public void what_the_machine_keeps_is_not_seen_by_tests()
    {
        using var folder = new TemporaryFolder();
        ShellResult result = JumpbagProgram.Bash(folder.Path, "jumpbag incident; [ -O \"$JUMPBAG_STATE\" ]");
        Assert.Equal((0, "No incident is open. 'jumpbag incident open TITLE' opens one.\n", ""), (result.Status, result.Output, result.Errors));
    }

    [Theory]
    [InlineData("jumpbag inspect d.img", 0, @"@1 +2048 +1048576 +20M +Linux +ext2 +clean[^\n]*boot[\s\S]*@vg_demo/root[\s\S]*host i7tiny", "^$")]
    [InlineData("jumpbag inspect --search d.img", 0, @"^d\.img: nothing lost was found in 128M\nNot lost, and not listed: d\.img \(dos\), d\.img@1 \(ext2\), d\.img@2 \(LVM2_member\), d\.img@vg_demo/root \(ext4\), d\.img@vg_demo/home \(ext4\)\n$", "^$")]
    [InlineData("cp --sparse=always d.img lost.img; dd if=/dev/zero of=lost.img bs=512 count=1 conv=notrunc status=none; jumpbag inspect --search lost.img", 0, @"^LOCATOR.*\nlost\.img@offset=1048576 +20M +ext2 +boot[^\n]*\nlost\.img@offset=22020096 [^\n]*LVM2_member[^\n]*\nlost\.img@offset=23068672 +64M +ext4 +root[^\n]*\nlost\.img@offset=\d+ +32M +ext4 +home[^\n]*\n$", "^$")]
    [InlineData("jumpbag inspect --search --json d.img | grep -o '\"inTable\":true,\"layer\":\"d.img@vg_demo/root\"'", 0, "root", "^$")]
    [InlineData("head -c 40M d.img >cut.img; jumpbag inspect cut.img", 0, "@vg_demo/root", @"^warning: cut\.img: partition 2 reaches 88M \(92274688 bytes\) beyond the end: the image is not complete\n$")]
    [InlineData("head -c 40M d.img >cut.img; jumpbag inspect cut.img@2", 0, "LVM2_member", @"^warning: cut\.img@2: reaches 88M beyond the end of cut\.img: the image is not complete\n$")]
    [InlineData("jumpbag ls d.img@1:/grub", 0, @"^grub\.cfg\n$", @"^d\.img@1: clean\n$")]
    [InlineData("jumpbag ls d.img:/home", 0, "anna", @"^d\.img: clean: @vg_demo/root at /, @1 at /boot\nd\.img@vg_demo/home at /home: journal replayed: 1 transaction, 7 blocks\n$")]
    [InlineData("jumpbag ls --no-replay d.img:/home", 0, "anna", @"\nd\.img@vg_demo/home at /home: journal not replayed: [^\n]*\n$")]
    [InlineData("jumpbag df d.img", 0, "ext4", @"^d\.img: clean: @1, @vg_demo/root\nd\.img@vg_demo/home: journal replayed: [^\n]*\n$")]
    [InlineData("jumpbag ls -q two.img@1:/ two.img@2:/nope", 1, @"lost\+found", @"^warning: two\.img@2:/nope: no such file or directory\n$")]
    [InlineData("jumpbag ls -q d.img:/home", 0, @"^anna\njens\nlost\+found\n$", "^$")]
    [InlineData("jumpbag ls -l d.img:/home/anna", 0, @"^drwxr-xr-x +4? ?.*anna.*letters\n.*photos\n-rw-r--r--\+ 1 anna 1000 +35 .* shared\.txt\n$", "journal replayed")]
    [InlineData("jumpbag ls -qa d.img:/home/jens", 0, @"^\.\n\.\.\nsame-photo\.jpg\n$", "^$")]
    [InlineData("jumpbag ls -qA d.img:/home/jens", 0, @"^same-photo\.jpg\n$", "^$")]
    [InlineData("jumpbag ls -qR d.img:/home/anna", 0, @"d\.img:/home/anna/photos:\n2026\.jpg\n", "^$")]
    [InlineData("jumpbag ls -qdl d.img:/home", 0, @"^drwxr-xr-x 5 root [^\n]*/home\n$", "^$")]
    [InlineData("jumpbag ls -qlh d.img:/home/anna/photos", 0, @" 40K .*2026\.jpg", "^$")]
    [InlineData("jumpbag ls -qn d.img:/home", 0, @"1000 1000 .*anna\n.*1001 1001 .*jens", "^$")]
    [InlineData("jumpbag ls -qiF1 d.img:/", 0, @"23 bin@\n\d+ boot/\n", "^$")]
    [InlineData("jumpbag ls -qS d.img:/home/anna/letters", 0, @"^last-words\.txt\nletter\.txt\ncaf", "^$")]
    [InlineData("jumpbag ls -qt d.img:/home/anna/letters", 0, @"^last-words\.txt\n", "^$")]
    [InlineData("jumpbag ls -qr d.img:/home", 0, @"^lost\+found\njens\nanna\n$", "^$")]
    [InlineData("jumpbag ls -q a@b:c.img:/home", 0, @"^anna\njens\n", "^$")]
    [InlineData("jumpbag stat -q d.img:/etc/fstab", 0, @"Size: 395[\s\S]*Modify: 2026-11-20 06:25:01\.123456789 \+0000", "^$")]
    [InlineData("jumpbag cat -q d.img:/home/anna/letters/last-words.txt | wc -c", 0, "^44\n$", "^$")]
    [InlineData("jumpbag cat -q --no-replay d.img:/home/anna/letters/last-words.txt", 1, "^$", "no such file")]
    [InlineData("jumpbag cat -q d.img:/home/anna/photos/2026.jpg | head -c1 | wc -c", 0, "^1\n$", "^$")]
    [InlineData(@"jumpbag cat -q $'d.img:/home/anna/letters/caf\xe9.txt' | wc -c", 0, "^5\n$", "^$")]
    [InlineData(@"jumpbag ls -q d.img:/home/anna/letters | od -An -c", 0, @"351 +\.", "^$")]
    [InlineData("jumpbag cat -q d.img:/home", 1, "^$", "^jumpbag: .*is a directory\nhint: ")]
    [InlineData("jumpbag find -q d.img:/ -name 'same*'", 0, @"^d\.img:/home/jens/same-photo\.jpg\n$", "^$")]
    [InlineData("jumpbag find -q d.img:/ -iname 'SAME*'", 0, @"^d\.img:/home/jens/same-photo\.jpg\n$", "^$")]
    [InlineData("jumpbag find -q d.img:/etc -type l", 0, @"^d\.img:/etc/os-release\n$", "^$")]
    [InlineData("jumpbag find -q d.img:/home -type f -size +20k", 0, @"^.*2026\.jpg\n.*same-photo\.jpg\n$", "^$")]
    [InlineData("jumpbag find -q d.img:/home -type f -size -1k", 0, "^$", "^$")]
    [InlineData("jumpbag find -q d.img:/etc -mtime -1", 0, "^$", "^$")]
    [InlineData("touch -d 2026-11-26 ref; jumpbag find -q d.img:/home -type f -newer ./ref", 0, @"^.*last-words\.txt\n$", "^$")]
    [InlineData("touch -d 2026-11-26 ref; jumpbag find -q d.img:/home -type f -newer ref", 0, @"^.*last-words\.txt\n$", "^$")]
    [InlineData("jumpbag find -q d.img:/home -type f -newer d.img:/home/anna/letters/letter.txt", 0, @"^.*last-words\.txt\n$", "^$")]
    [InlineData("jumpbag find -q d.img:/home -type f -newer a@b:c.img@vg_demo/home:/anna/letters/letter.txt", 0, @"^.*last-words\.txt\n$", "^$")]
    [InlineData("jumpbag find -q d.img:/home -newer nope", 1, "^$", @"^jumpbag: -newer nope: no such file on this machine\nhint: .*begins with /")]
    [InlineData("touch ref; jumpbag find -q d.img:/home -newer $PWD/ref", 1, "^$", @"^jumpbag: d\.img:/.*/ref: no such file or directory\nhint: the one of this machine is -newer ref\n$")]
    [InlineData("jumpbag find -q d.img:/home -newer two.img@1:/nope", 1, "^$", @"^jumpbag: two\.img@1:/nope: no such file or directory\n$")]
    // find(1) itself on a copy: a reference of the same time to the nanosecond, and a link that stands for itself.
    [InlineData("jumpbag cp -q -r d.img:/ copy; cd copy; touch -d 2026-11-25T18:00:00.000000001 ../ns; ln -s ns ../link; touch -h -d 2026-11-21 ../link; for r in etc/fstab home/anna/letters/letter.txt ../ns ../link; do cmp <(find . -type f -newer $r -print0 | sort -z) <(jumpbag find -q ../d.img:/ -type f -newer $r -print0 | sed -z s,^../d.img:,., | sort -z) && echo same; done", 0, @"^same\nsame\nsame\nsame\n$", "^$")]
    [InlineData("jumpbag tar d.img:/home/anna/letters | tar -t | wc -l", 0, "^4\n$", "journal replayed")]
    [InlineData("head -c 60M d.img > cut60.img; jumpbag ls cut60.img@vg_demo/home:/", 1, "^$", @"^jumpbag: cut60\.img@vg_demo/home: its start cannot be read: .*\nhint: is the image complete\?")]
    [InlineData("jumpbag tar -q d.img:/etc/nope", 1, "^$", "^jumpbag: .*/etc/nope: no such file or directory")]
    [InlineData("head -c 60M d.img >cut.img; jumpbag inspect cut.img", 0, @"@vg_demo/home +32M +linear .*\n? *its start cannot be read: beyond the end of the image", "is not complete\n$")]
    [InlineData("jumpbag df -q d.img", 0, @"d\.img@vg_demo/home +ext4 +28916", "^$")]
    [InlineData("jumpbag version", 0, @"^jumpbag \d+\.\d+\.\d+", "^$")]
    [InlineData("jumpbag completion bash | bash -n; jumpbag completion bash", 0, "complete -o filenames -F _jumpbag jumpbag", "^$")]
    [InlineData("jumpbag completion tcsh", 2, "^$", "^jumpbag: .*\nhint: ")]
    [InlineData("jumpbag --help", 0, @"EXIT STATUS\n[\s\S]*\nEXAMPLE\n  jumpbag \S", "^$")]
    [InlineData("jumpbag", 2, "", "jumpbag: .*\nhint: ")]
    [InlineData("jumpbag frob", 2, "^$", "^jumpbag: frob: no such command\nhint: 'jumpbag --help'")]
    [InlineData("jumpbag ls", 2, "^$", "^jumpbag: .*\nhint: 'jumpbag ls --help'")]
    [InlineData("jumpbag ls -Z d.img:/", 2, "^$", "^jumpbag: -Z: no such option\nhint: ")]
    [InlineData("jumpbag cp -f -n d.img:/etc/hosts x", 2, "^$", "^jumpbag: -f, -n and -u exclude")]
    [InlineData("jumpbag ls nofile.img:/", 1, "^$", "^jumpbag: nofile.img: no such file")]
    [InlineData("jumpbag cat -q d.img:/etc/nope", 1, "^$", "^jumpbag: d.img:/etc/nope: no such file or directory\n$")]
    [InlineData("jumpbag stat -q d.img@1:/nope", 1, "^$", "^jumpbag: d.img@1:/nope: no such file or directory\n$")]
    [InlineData("jumpbag cp -q d.img:/etc/nope x", 1, "^$", "^jumpbag: d.img:/etc/nope: no such file or directory\n$")]
    [InlineData("jumpbag tar -q d.img:/etc/nope", 1, "^$", "^jumpbag: d.img:/etc/nope: no such file or directory\n$")]
    [InlineData("jumpbag cat -q d.img:/etc/hosts/nope", 1, "^$", "^jumpbag: d.img:/etc/hosts/nope: not a directory\n$")]
    [InlineData("jumpbag ls -q two.img:/", 2, "^$", "^jumpbag: .*\nhint: .*two.img@1, two.img@2")]
    [InlineData("jumpbag ls -q luks.img:/", 4, "^$", "^jumpbag: .*crypto_LUKS.*\nhint: ")]
    public void a_command_says(string script, int status, string output, string errors)
    {
        ShellResult result = disk.Bash(script);
        Assert.True(result.Status == status && Regex.IsMatch(result.Output, output) && Regex.IsMatch(result.Errors, errors),
            $"exit status {result.Status}\n{result.Output}\n--- errors:\n{result.Errors}");
    }

    // Each runs in a fresh folder "o" and prints what the status or the copy is.
    [Theory]
    [InlineData("jumpbag cp -q D:/etc/hosts new; echo $?; wc -c <new", "0\n37\n")]
    [InlineData("mkdir in; jumpbag cp -q D:/etc/hosts in; echo $?; ls in", "0\nhosts\n")]
    [InlineData("jumpbag cp -q D:/etc/hosts D:/etc/fstab absent; echo $?; ls", "2\n")]
    [InlineData("echo mine >f; jumpbag cp -q D:/etc/hosts f; echo $?; cat f", "1\nmine\n")]
    [InlineData("echo mine >f; jumpbag cp -q -n D:/etc/hosts f; echo $?; cat f", "0\nmine\n")]
    [InlineData("echo mine >f; jumpbag cp -q -f D:/etc/hosts f; echo $?; wc -c <f", "0\n37\n")]
    [InlineData("jumpbag cp -q D:/etc x; echo $?; ls", "1\n")]
    [InlineData("jumpbag cp -q -r D:/etc/network x; echo $?; ls x", "0\ninterfaces\n")]
    [InlineData("mkdir x; jumpbag cp -q -r D:/etc/network x; echo $?; ls x", "0\nnetwork\n")]
    [InlineData("jumpbag cp -q -r D:/etc no/such; echo $?; ls", "1\n")]
    [InlineData("jumpbag cp -q -r --dry-run D:/etc x; echo $?; ls", "0\n")]
    // One of the two names of a photo lies outside of /home/anna: all of its bytes are needed all the same.
    [InlineData("c() { jumpbag cp -q --json -r $1 D:/home/anna x | grep -o '\"bytes\":[0-9]*'; }; a=$(c --dry-run); [ -n \"$a\" ] && [ \"$a\" = \"$(c)\" ] && echo same", "same\n")]
    [InlineData("jumpbag cp -q -r D:/etc x; touch -r x ../ref; rm x/hosts; touch -r ../ref x; jumpbag cp -q -r --resume D:/etc x; echo $?; wc -c <x/hosts; ls", "0\n37\nx\n")]
    [InlineData("jumpbag cp -q -r D:/home x; echo $?; stat -c %h x/jens/same-photo.jpg; stat -c %y x/anna/shared.txt | cut -c1-10", "0\n2\n2026-11-25\n")]
    public void cp_is_as_cp_1_is(string script, string output)
    {
        ShellResult result = disk.Bash("rm -rf o; mkdir o; cd o\n" + script.Replace("D:", "../d.img:", StringComparison.Ordinal));
        Assert.True(output == result.Output, result.Output + "--- errors:\n" + result.Errors);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(200)]
    public void inspect_is_not_wider_than_the_screen(int columns) =>
        Assert.All(disk.Bash($"COLUMNS={columns} jumpbag inspect d.img").Output.Split('\n'), line => Assert.InRange(line.Length, 0, columns));

    [Fact]
    public void the_keys_of_inspect_json_are_the_contract()
    {
        using JsonDocument document = JsonDocument.Parse(disk.Bash("jumpbag inspect --json d.img").Output);
        var layers = new Queue<JsonElement>([document.RootElement]);
        while (layers.TryDequeue(out JsonElement layer))
        {
            string[] keys = ["locator", "kind", "number", "offset", "size", "sectorSize", "startSector", "type", "format", "label", "uuid", "state", "children"];
            Assert.Empty(keys.Except(layer.EnumerateObject().Select(property => property.Name)));
            foreach (JsonElement child in layer.GetProperty("children").EnumerateArray())
                layers.Enqueue(child);
        }
        JsonElement boot = document.RootElement.GetProperty("children")[0];
        Assert.Equal((1, 1048576, 2048, "ext2"), (boot.GetProperty("number").GetInt32(), boot.GetProperty("offset").GetInt32(), boot.GetProperty("startSector").GetInt32(), boot.GetProperty("format").GetString()));
    }

    [Theory]
    [InlineData("ls --json d.img:/etc")]
    [InlineData("stat --json d.img:/etc/fstab")]
    [InlineData("find --json d.img:/etc")]
    [InlineData("df --json d.img")]
    [InlineData("inspect --search --json d.img")]
    public void json_parses_and_stands_alone_on_standard_output(string arguments)
    {
        ShellResult result = disk.Bash($"jumpbag {arguments}");
        Assert.Equal(0, result.Status);
        Assert.NotEmpty(result.Output);
        if (arguments.StartsWith("find", StringComparison.Ordinal))
            Assert.All(result.Output.TrimEnd().Split('\n'), line => JsonDocument.Parse(line).Dispose());
        else
            JsonDocument.Parse(result.Output).Dispose();
    }

    [Fact]
    public void the_demo_passes_and_leaves_nothing()
    {
        ShellResult result = disk.Bash("mkdir tmp; TMPDIR=$PWD/tmp jumpbag demo && ls -A tmp | grep -v -e clr-debug -e dotnet-diagnostic | wc -l");
        Assert.True(result.Status == 0 && result.Output.EndsWith("\n0\n", StringComparison.Ordinal), result.Output + result.Errors);
    }
}
