"""LibreOffice for the tests of this folder: a workbook reckoned anew, with no result left in it."""

import re
import subprocess
import zipfile

import pytest
from python_calamine import CalamineWorkbook

ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>"""
"""The office setting that reckons every formula anew on opening, whatever results the file holds."""


@pytest.fixture(scope="module")
def reckoned(tmp_path_factory, need):
    """Give a function that has LibreOffice reckon a workbook anew and reads its sheet 验算 as rows."""
    office, made = need("soffice"), tmp_path_factory.mktemp("office")
    (made / "profile" / "user").mkdir(parents=True)
    (made / "profile" / "user" / "registrymodifications.xcu").write_text(ALWAYS, "utf-8")

    def reckon(path):
        profile = f"-env:UserInstallation={(made / 'profile').as_uri()}"
        command = [office, profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(made), str(path)]
        subprocess.run(command, check=True, capture_output=True, timeout=240)
        return CalamineWorkbook.from_path(str(made / path.name)).get_sheet_by_name("验算").to_python(skip_empty_area=False)

    return reckon


@pytest.fixture(scope="module")
def rewritten():
    """Give a function that copies a workbook with its last sheet, 验算, changed, and without the results of its formulas."""

    def rewrite(path, other, change=lambda text: text):
        with zipfile.ZipFile(path) as packed, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as copy:
            last = max(packed.namelist(), key=lambda name: int((re.findall(r"sheet(\d+)\.xml$", name) or [0])[0]))
            for name in packed.namelist():
                data = packed.read(name)
                if name == last:
                    text = re.sub(r"(</f>)<v>.*?</v>", r"\1<v>-1</v>", data.decode("utf-8").replace(' t="str"', ""))
                    data = change(text).encode("utf-8")
                copy.writestr(name, data)
        return other

    return rewrite
