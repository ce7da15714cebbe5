using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Jumpbag.Commands;

namespace Jumpbag.CommandLine;

/// <summary>Help that ends with the exit statuses and an example, as every command's does.</summary>
public sealed class HelpWithExample(HelpAction usual) : SynchronousCommandLineAction
{
    private static readonly Dictionary<string, string> Examples = new(StringComparer.Ordinal)
    {
        ["inspect"] = "jumpbag inspect harddrive.img",
        ["ls"] = "jumpbag ls -l harddrive.img:/etc",
        ["stat"] = "jumpbag stat harddrive.img@2:/etc/fstab",
        ["cat"] = "jumpbag cat sda.img@vg_i7tiny/vm_zoneminder@2:/etc/fstab",
        ["cp"] = "jumpbag cp -r harddrive.img:/home ./rescued",
        ["tar"] = "jumpbag tar harddrive.img:/srv | zstd > srv.tar.zst",
        ["find"] = "jumpbag find harddrive.img:/var -name '*.sql' -size +1M",
        ["df"] = "jumpbag df -h harddrive.img",
        ["mount"] = "jumpbag mount harddrive.img ~/hd",
        ["umount"] = "jumpbag umount ~/hd",
        ["fsck"] = "jumpbag fsck harddrive.img@1",
        ["snapshot"] = "jumpbag snapshot vg_i7tiny/vm_zoneminder --size 5G -- rdiff-backup {} /backup/zoneminder",
        ["list"] = "jumpbag snapshot list --json",
        ["clean"] = "jumpbag snapshot clean --dry-run",
        ["load"] = "jumpbag load nightly.sql.gz --tables orders mysql://root@localhost/shop",
        ["pipe"] = "jumpbag pipe dump.sql.gz | zcat | mariadb shop",
        ["restore"] = "jumpbag restore --repo /mnt/usb/backups --password-file key latest:/srv/www /srv/www.restored",
        ["backup"] = "jumpbag backup status",
        ["incident"] = "jumpbag incident",
        ["board"] = "jumpbag board",
        ["facts"] = "jumpbag facts --bundle db3.tar.gz",
        ["demo"] = "jumpbag demo",
        ["completion"] = "jumpbag completion bash > /etc/bash_completion.d/jumpbag",
        ["version"] = "jumpbag version",
    };

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int status = usual.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine(ExitStatus.Help);
        string[] path = CommandPath.Of(parseResult);
        string? example = path is ["incident", var verb, ..] ? IncidentCommand.ExampleOf(verb) : path is ["backup", var act, ..] ? BackupCommand.ExampleOf(act) : path is ["board", _, ..] ? BoardCommand.ExampleOf(path[1..]) : path is [var name, ..] ? Examples.GetValueOrDefault(name) : null;
        if (path is ["snapshot", ..])
            output.WriteLine("  other  what the command ended with; 128 and the signal's number where one ended it");
        output.WriteLine();
        output.WriteLine("EXAMPLE");
        output.WriteLine("  " + (example ?? Examples["inspect"]));
        return status;
    }
}
